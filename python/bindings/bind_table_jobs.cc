#include <algorithm>
#include <optional>

#include "option_keywords.h"
#include "python_listener.h"
#include "results/table/frame_numbers.h"
#include "run/track_report.h"
#include "table_jobs/consensus_job.h"
#include "table_jobs/smooth_jobs.h"
#include "track_dict.h"

namespace posse {
namespace {

using Sizes = std::vector<size_t>;
using Path = std::filesystem::path;

/// (name, camera, bodyparts, frame_index, poses [frames, bodyparts, xy], likelihood [frames,
/// bodyparts]) as the package hands it over.
NamedPoses named_poses(const py::tuple& member) {
  NamedPoses named{.name = member[0].cast<std::string>(),
                   .camera = member[1].cast<std::string>(),
                   .poses = {.bodyparts = member[2].cast<std::vector<std::string>>()}};
  const auto frames = member[3].cast<py::array_t<int64_t, py::array::c_style>>();
  const auto xy = member[4].cast<DoubleArray>();
  const auto likelihood = member[5].cast<DoubleArray>();
  const auto num_bodyparts = static_cast<py::ssize_t>(named.poses.bodyparts.size());
  const bool fits = xy.ndim() == 3 && likelihood.ndim() == 2 && frames.ndim() == 1 &&
                    xy.shape(0) == frames.shape(0) && likelihood.shape(0) == frames.shape(0) &&
                    xy.shape(1) == num_bodyparts && likelihood.shape(1) == num_bodyparts &&
                    xy.shape(2) == 2;
  if (!fits) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("{}: poses, likelihood, frames and bodyparts do not fit together", named.name),
        {.hint = "poses [frames, bodyparts, 2], likelihood [frames, bodyparts], frame_index "
                 "[frames]"});
  }
  named.poses.frame_index.assign(frames.data(), frames.data() + frames.size());
  require_rising_frames(named.poses.frame_index, 0, {}, named.name);
  for (py::ssize_t i = 0; i < likelihood.size(); ++i) {
    named.poses.keypoints.push_back({xy.data()[2 * i], xy.data()[2 * i + 1], likelihood.data()[i]});
  }
  return named;
}

JobInputs inputs_of(const std::vector<Path>& paths, const std::vector<py::tuple>& poses) {
  JobInputs inputs{.paths = paths, .poses = {}};
  for (const py::tuple& member : poses) inputs.poses.push_back(named_poses(member));
  return inputs;
}

/// A copy of the lanes as an array of the shape given.
DoubleArray array_of(const FrameArray& lanes, const Sizes& inner) {
  Sizes shape{lanes.num_frames()};
  shape.insert(shape.end(), inner.begin(), inner.end());
  DoubleArray array(shape);
  std::copy(lanes.values().begin(), lanes.values().end(), array.mutable_data());
  return array;
}

py::array_t<int64_t> array_of(const std::vector<int64_t>& numbers) {
  return py::array_t<int64_t>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
}

py::dict dict_of(const SmoothedTracks& tracks) {
  const size_t bodyparts = tracks.bodyparts.size();
  const bool has_s = !tracks.parameters.empty();
  DoubleArray s(Sizes{has_s ? bodyparts : 0});
  py::array_t<bool> tuned(Sizes{has_s ? bodyparts : 0});
  for (size_t k = 0; has_s && k < bodyparts; ++k) {
    s.mutable_at(k) = tracks.parameters[k].s;
    tuned.mutable_at(k) = tracks.parameters[k].tuned;
  }
  py::dict dict;
  dict["bodyparts"] = tracks.bodyparts;
  dict["frame_index"] = array_of(tracks.frame_index);
  dict["poses"] = array_of(tracks.position, {bodyparts, 2});
  dict["posterior_variance"] = array_of(tracks.posterior_variance, {bodyparts, 2});
  dict["ensemble_position"] = array_of(tracks.ensemble_position, {bodyparts, 2});
  dict["ensemble_variance"] = array_of(tracks.ensemble_variance, {bodyparts, 2});
  dict["likelihood"] = array_of(tracks.likelihood, {bodyparts});
  dict["s"] = s;
  dict["tuned"] = tuned;
  dict["calibrated"] = tracks.calibrated;
  return dict;
}

py::dict dict_of(const SmoothedCameras& smoothed) {
  py::dict views;
  for (size_t c = 0; c < smoothed.names.size(); ++c)
    views[py::str(smoothed.names[c])] = dict_of(smoothed.cameras[c]);
  py::dict dict;
  dict["views"] = views;
  return dict;
}

py::dict dict_of(const SmoothedSpace& space) {
  py::dict dict = dict_of(space.views);
  if (space.points.num_frames() == 0) return dict;
  const size_t bodyparts = space.views.cameras.front().bodyparts.size();
  dict["points"] = array_of(space.points, {bodyparts, 3});
  dict["point_variances"] = array_of(space.point_variances, {bodyparts, 3});
  return dict;
}

py::dict dict_of(const SmoothedPupil& pupil) {
  py::dict dict;
  dict["tracks"] = dict_of(pupil.tracks);
  dict["circle"] = array_of(pupil.state, {3});
  dict["circle_variance"] = array_of(pupil.state_variance, {3});
  dict["diameter_s"] = pupil.diameter_s;
  dict["centre_s"] = pupil.centre_s;
  return dict;
}

py::dict dict_of(const TableConsensus& consensus) {
  const Poses& poses = consensus.poses;
  const Sizes shape{poses.num_frames(), poses.num_bodyparts()};
  DoubleArray xy(Sizes{shape[0], shape[1], 2}), likelihood(shape);
  DoubleArray covariance(Sizes{shape[0], shape[1], 2, 2}), spread(Sizes{shape[0], shape[1], 2});
  py::array_t<int32_t> num_members(shape), num_agreeing(shape);
  for (size_t i = 0; i < consensus.details.size(); ++i) {
    const KeypointConsensus& detail = consensus.details[i];
    const Covariance& c = detail.covariance;
    std::ranges::copy(std::array{poses.keypoints[i].x, poses.keypoints[i].y},
                      xy.mutable_data() + 2 * i);
    std::ranges::copy(std::array{c.xx, c.xy, c.xy, c.yy}, covariance.mutable_data() + 4 * i);
    std::ranges::copy(std::array{detail.std_x, detail.std_y}, spread.mutable_data() + 2 * i);
    likelihood.mutable_data()[i] = poses.keypoints[i].likelihood;
    num_members.mutable_data()[i] = detail.num_members;
    num_agreeing.mutable_data()[i] = detail.num_agreeing;
  }
  py::dict dict;
  dict["bodyparts"] = poses.bodyparts;
  dict["frame_index"] = array_of(poses.frame_index);
  dict["poses"] = xy;
  dict["likelihood"] = likelihood;
  dict["covariance"] = covariance;
  dict["spread"] = spread;
  dict["num_members"] = num_members;
  dict["num_agreeing"] = num_agreeing;
  dict["track"] = py::none();
  if (!consensus.track.empty()) {
    py::dict track = dict_of_track(consensus.track, poses.num_bodyparts());
    track["groups"] = consensus.groups;
    track["epipolar_lines"] = list_of_lines(consensus.lines);
    track["report"] =
        track_report_json(consensus.report, consensus.groups, poses.bodyparts, consensus.lines);
    track["warnings"] = consensus.warnings;
    dict["track"] = track;
  }
  return dict;
}

/// Runs a job without the GIL. @param job  called with options and hooks
template <class Options, class RunJob>
py::dict run_job(const py::kwargs& keywords, const py::object& progress, const RunJob& job) {
  const auto options = options_from<Options>(keywords);
  const auto outcome =
      run_watched(progress, [&](const JobHooks& hooks) { return job(options, hooks); });
  py::dict dict = dict_of(outcome.result);
  std::vector<Path> files = outcome.report.files;
  if (!outcome.report.record.empty()) files.push_back(outcome.report.record);
  dict["files"] = files;
  dict["warnings"] = outcome.report.warnings;
  return dict;
}

/// Binds a job of inputs, out, options and hooks.
template <class Options, class RunJob>
void bind_job(py::module_& core, const char* name, const RunJob& job) {
  core.def(
      name,
      [job](const std::vector<Path>& paths, const std::vector<py::tuple>& poses,
            const std::optional<Path>& out, const py::object& progress,
            const py::kwargs& keywords) {
        const JobInputs inputs = inputs_of(paths, poses);
        return run_job<Options>(keywords, progress,
                                [&](const Options& options, const JobHooks& hooks) {
                                  return job(inputs, out.value_or(Path()), options, hooks);
                                });
      },
      py::arg("paths"), py::arg("poses"), py::arg("out"), py::arg("progress"));
}

py::dict smooth_paw(const std::vector<Path>& paths, const std::vector<py::tuple>& poses,
                    const std::optional<Path>& out, std::vector<double> left,
                    std::vector<double> right, const py::object& progress,
                    const py::kwargs& keywords) {
  const JobInputs inputs = inputs_of(paths, poses);
  const PawTimes times{std::move(left), std::move(right)};
  return run_job<SmoothPawOptions>(
      keywords, progress, [&](const SmoothPawOptions& options, const JobHooks& hooks) {
        return run_smooth_paw(inputs, out.value_or(Path()), options, hooks, times);
      });
}

}  // namespace

void bind_table_jobs(py::module_& core) {
  bind_job<SmoothSingleOptions>(core, "smooth_single", &run_smooth_single);
  bind_job<SmoothMultiOptions>(core, "smooth_multi", &run_smooth_multi);
  bind_job<SmoothMirroredOptions>(core, "smooth_mirrored", &run_smooth_mirrored);
  bind_job<SmoothPupilOptions>(core, "smooth_pupil", &run_smooth_pupil);
  bind_job<ConsensusJobOptions>(core, "consensus", &run_consensus);
  core.def("smooth_paw", &smooth_paw, py::arg("paths"), py::arg("poses"), py::arg("out"),
           py::arg("times_left"), py::arg("times_right"), py::arg("progress"));
  core.def(
      "table_job_options",
      [] {
        py::dict jobs;
        jobs["smooth_single"] = option_help<SmoothSingleOptions>();
        jobs["smooth_multi"] = option_help<SmoothMultiOptions>();
        jobs["smooth_mirrored"] = option_help<SmoothMirroredOptions>();
        jobs["smooth_pupil"] = option_help<SmoothPupilOptions>();
        jobs["smooth_paw"] = option_help<SmoothPawOptions>();
        jobs["consensus"] = option_help<ConsensusJobOptions>();
        return jobs;
      },
      "Keywords of the jobs over tables, each with its meaning.");
}

}  // namespace posse
