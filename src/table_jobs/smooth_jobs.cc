#include "table_jobs/smooth_jobs.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/npy.h"
#include "base/text.h"
#include "base/threads.h"
#include "cameras/calibration.h"
#include "cameras/camera_model.h"
#include "run/smoothed_tables.h"
#include "smoothing/filter/causal_filter.h"
#include "smoothing/models/mirrored_views.h"
#include "smoothing/models/paws.h"
#include "smoothing/models/several_cameras.h"
#include "smoothing/models/single_camera.h"
#include "table_jobs/job_records.h"
#include "table_jobs/smooth_inputs.h"
#include "table_jobs/table_inputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

int threads_of(const SmoothCommonOptions& common) {
  return common.threads > 0 ? common.threads : available_threads().num_threads;
}

StatisticsOptions statistics_of(const SmoothCommonOptions& common, VarianceMode usual) {
  return {.average = common.average,
          .variance = common.variance.value_or(usual),
          .min_likelihood = common.min_likelihood,
          .allow_one_member = common.one_member};
}

TuningOptions tuning_of(const SmoothCommonOptions& common, const SmoothTuningOptions& tuning,
                        Job& job) {
  const bool constant = tuning.objective == TuningObjective::constant || tuning.eks_objective;
  return {.s = tuning.s,
          .objective = constant ? TuningObjective::constant : TuningObjective::full,
          .search = tuning.eks_objective ? TuningSearch::eks : TuningSearch::exact,
          .frames = common.s_frames,
          .restart_at_ranges = tuning.restart_at_ranges,
          .blocks = tuning.blocks,
          .on_evaluation = job.on_evaluation()};
}

template <class Options>
SeveralCamerasOptions cameras_of(const Options& options, VarianceMode usual, Job& job) {
  return {.ensemble = statistics_of(options.common, usual),
          .tuning = tuning_of(options.common, options.tuning, job),
          .inflation = {.enabled = !options.views.no_inflate_vars},
          .num_latent = options.views.n_latent,
          .quantile_to_keep = options.views.quantile_keep_pca,
          .state_variance_only = options.views.state_variance,
          .num_threads = threads_of(options.common)};
}

/// Says what became of each keypoint.
void tell(const SmoothedTracks& tracks, Job& job) {
  for (size_t i = 0; i < tracks.parameters.size(); ++i) {
    if (std::isnan(tracks.parameters[i].s)) continue;  // never seen, as is said below
    job.note(fmt::format("{}: s = {:.6g}{}", tracks.bodyparts[i], tracks.parameters[i].s,
                         tracks.parameters[i].tuned ? " (tuned)" : ""));
  }
  for (const std::string& warning : tracks.warnings) job.warn(warning);
  for (const std::string& name : tracks.unobserved_bodyparts)
    job.warn(fmt::format("{}: no member found it in any frame; it is left missing", name));
  if (!tracks.calibrated)
    job.caution("from one member: variances are 1 / likelihood and not calibrated");
}

void write_wide(const fs::path& path, const SmoothedTracks& tracks, Job& job) {
  if (path.empty()) return;
  write_smoothed_wide(path, tracks);
  job.report.files.push_back(path);
}

/// One table and its wide one. Nothing without `out`.
template <class Smoothed>
void write_table(const fs::path& out, const fs::path& wide, const Smoothed& smoothed,
                 const SmoothedTracks& tracks, Job& job) {
  tell(tracks, job);
  if (!out.empty()) {
    write_smoothed(out, smoothed);
    job.report.files.push_back(out);
  }
  write_wide(wide, tracks, job);
}

void check_targets(const fs::path& out, const SmoothCommonOptions& common) {
  check_target(out, common.force);
  check_target(common.wide_csv, common.force);
}

/// Targets in folders, one per camera, and the record.
void check_cameras(const fs::path& out, const SmoothCommonOptions& common,
                   const std::vector<std::string>& cameras) {
  for (const std::string& camera : cameras) {
    if (!out.empty()) check_target(out / (camera + ".h5"), common.force);
    if (!common.wide_csv.empty()) check_target(common.wide_csv / (camera + ".csv"), common.force);
  }
  if (!out.empty()) check_target(record_in(out), common.force);
}

/// A table per camera in the folder `out`, and one in the folder for wide ones.
void write_cameras(const fs::path& out, const SmoothCommonOptions& common,
                   const SmoothedCameras& smoothed, Job& job) {
  for (size_t c = 0; c < smoothed.cameras.size(); ++c) {
    const std::string& name = smoothed.names[c];
    const fs::path wide = common.wide_csv.empty() ? fs::path() : common.wide_csv / (name + ".csv");
    write_table(out.empty() ? out : out / (name + ".h5"), wide, smoothed.cameras[c],
                smoothed.cameras[c], job);
  }
}

/// The record, if something was written, and the outcome.
template <class Result, class Options>
JobOutcome<Result> finish(Result result, const SmoothedTracks& tracks, const Options& options,
                          std::span<const TableInputs> inputs,
                          const std::vector<std::string>& cameras, const fs::path& record,
                          Job& job) {
  if (!job.report.files.empty() && !record.empty()) {
    job.report.record = record;
    write_record(options,
                 {.inputs = inputs,
                  .cameras = cameras,
                  .num_frames = tracks.frame_index.size(),
                  .bodyparts = tracks.bodyparts,
                  .parameters = tracks.parameters},
                 job.report);
  }
  return {.result = std::move(result), .report = std::move(job.report)};
}

fs::path record_of_table(const fs::path& out) { return out.empty() ? out : record_beside(out); }
fs::path record_of_folder(const fs::path& out) { return out.empty() ? out : record_in(out); }

/// Where a table leaves frames out and there is a time for every frame, those of its rows; else as
/// they are.
std::vector<double> times_of_rows(std::vector<double> times, const std::vector<int64_t>& frames) {
  const bool by_frame = times.size() > frames.size() && !frames.empty() && frames.front() >= 0 &&
                        frames.back() - frames.front() + 1 > static_cast<int64_t>(frames.size()) &&
                        frames.back() < static_cast<int64_t>(times.size());
  if (!by_frame) return times;
  std::vector<double> chosen;
  for (const int64_t frame : frames) chosen.push_back(times[static_cast<size_t>(frame)]);
  return chosen;
}

/// Without names all cameras of the calibration, else those named, in that order.
void choose_cameras(std::vector<CameraModel>& models, std::vector<std::string>& names,
                    const fs::path& calibration) {
  std::vector<std::string> known;
  for (const CameraModel& model : models) known.push_back(model.name);
  if (names.empty()) {
    names = known;
    return;
  }
  std::vector<CameraModel> chosen;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: has no camera '{}'", calibration.string(), printable(name)),
                  {.have = list_names(known)});
    }
    chosen.push_back(models[static_cast<size_t>(found - known.begin())]);
  }
  models = std::move(chosen);
}

JobInputs find_by_camera(JobInputs inputs, const std::vector<std::string>& cameras, Job& job) {
  inputs.cameras = take_camera_names(inputs.paths, cameras);
  return find_inputs(std::move(inputs), job);
}

std::vector<CameraMembers> members_of(const std::vector<std::string>& cameras,
                                      const std::vector<TableInputs>& inputs) {
  std::vector<CameraMembers> members;
  for (size_t c = 0; c < inputs.size(); ++c)
    members.push_back({cameras[c], inputs[c].tables.members});
  return members;
}

}  // namespace

JobOutcome<SmoothedTracks> run_smooth_single(const JobInputs& inputs, const fs::path& out,
                                             const SmoothSingleOptions& options,
                                             const JobHooks& hooks) {
  Job job(hooks);
  check_targets(out, options.common);
  const TableInputs read =
      read_members(find_inputs(inputs, job), false, options.bodypart_list, job);
  const StatisticsOptions ensemble =
      statistics_of(options.common, VarianceMode::confidence_weighted);
  SmoothedTracks tracks;
  job.progress("smoothing", 0, 1, "tables");
  if (options.causal) {
    CausalOptions causal{.ensemble = ensemble};
    if (!options.tuning.s.empty()) causal.s = options.tuning.s;
    tracks = filter_causally(read.tables.members, causal);
  } else {
    tracks = smooth_single_camera(read.tables.members,
                                  {.ensemble = ensemble,
                                   .tuning = tuning_of(options.common, options.tuning, job),
                                   .num_threads = threads_of(options.common)});
  }
  job.progress("smoothing", 1, 1, "tables");
  write_table(out, options.common.wide_csv, tracks, tracks, job);
  return finish(tracks, tracks, options, std::span(&read, 1), {}, record_of_table(out), job);
}

JobOutcome<SmoothedSpace> run_smooth_multi(const JobInputs& inputs, const fs::path& out,
                                           const SmoothMultiOptions& options,
                                           const JobHooks& hooks) {
  Job job(hooks);
  check_camera_names(options.camera_names);
  std::vector<CameraModel> models;
  std::vector<std::string> cameras =
      options.camera_names.empty() ? cameras_named_in(inputs.paths) : options.camera_names;
  if (!options.calibration.empty()) {
    models = parse_calibration(read_file(options.calibration), options.calibration.string());
    choose_cameras(models, cameras, options.calibration);
  }
  if (cameras.empty()) {
    throw Error(
        ErrorKind::usage, "no camera is named",
        {.hint = "give --camera-names, or --calibration FILE, or every file as CAMERA=FILE"});
  }
  const fs::path points = models.empty() || out.empty() ? fs::path() : out / "points_3d.csv";
  std::vector<TableInputs> read =
      read_cameras(find_by_camera(inputs, cameras, job), cameras, options.bodypart_list, job);
  match_bodyparts(read, cameras, job);
  match_frames(read, cameras, job);
  check_target(points, options.common.force);
  check_cameras(out, options.common, cameras);
  const std::vector<CameraMembers> members = members_of(cameras, read);
  const SeveralCamerasOptions common = cameras_of(options, VarianceMode::confidence_weighted, job);
  job.progress("smoothing", 0, 1, "tables");
  SmoothedSpace space;
  if (models.empty()) {
    space.views = smooth_several_cameras(members, common);
  } else {
    space = smooth_calibrated_cameras(members, models,
                                      {.common = common,
                                       .triangulation = options.triangulation,
                                       .relative_floors = options.relative_floors});
  }
  job.progress("smoothing", 1, 1, "tables");
  write_cameras(out, options.common, space.views, job);
  if (!points.empty()) {
    write_points(points, space);
    job.report.files.push_back(points);
  }
  return finish(space, space.views.cameras.front(), options, read, cameras, record_of_folder(out),
                job);
}

JobOutcome<SmoothedTracks> run_smooth_mirrored(const JobInputs& inputs, const fs::path& out,
                                               const SmoothMirroredOptions& options,
                                               const JobHooks& hooks) {
  Job job(hooks);
  if (options.camera_names.empty()) {
    throw Error(ErrorKind::usage, "no view is named",
                {.hint = "give --camera-names, as they end the bodyparts' names"});
  }
  check_camera_names(options.camera_names);
  check_targets(out, options.common);
  const TableInputs read = read_members(find_inputs(inputs, job), false, {}, job);
  const std::vector<std::string>& names = options.camera_names;
  std::vector<std::vector<Poses>> members(names.size());
  for (const Poses& member : read.tables.members) {
    std::vector<Poses> views = split_mirrored(member, names);
    for (size_t c = 0; c < views.size(); ++c) members[c].push_back(std::move(views[c]));
  }
  std::vector<CameraMembers> cameras;
  for (size_t c = 0; c < members.size(); ++c) cameras.push_back({names[c], members[c]});
  job.progress("smoothing", 0, 1, "tables");
  const SmoothedTracks tracks = join_mirrored(
      smooth_several_cameras(cameras, cameras_of(options, VarianceMode::confidence_weighted, job)));
  job.progress("smoothing", 1, 1, "tables");
  write_table(out, options.common.wide_csv, tracks, tracks, job);
  return finish(tracks, tracks, options, std::span(&read, 1), {}, record_of_table(out), job);
}

JobOutcome<SmoothedPupil> run_smooth_pupil(const JobInputs& inputs, const fs::path& out,
                                           const SmoothPupilOptions& options,
                                           const JobHooks& hooks) {
  Job job(hooks);
  check_targets(out, options.common);
  check_target(options.circle, options.common.force);
  const TableInputs read = read_members(find_inputs(inputs, job), false, {}, job);
  job.progress("smoothing", 0, 1, "tables");
  SmoothedPupil pupil =
      smooth_pupil(read.tables.members,
                   {.ensemble = statistics_of(options.common, VarianceMode::confidence_weighted),
                    .diameter_s = options.diameter_s,
                    .centre_s = options.com_s,
                    .tuning_frames = options.common.s_frames,
                    .num_threads = threads_of(options.common),
                    .on_evaluation = job.on_evaluation()});
  job.progress("smoothing", 1, 1, "tables");
  job.note(fmt::format("diameter s = {:.6g}, centre s = {:.6g}", pupil.diameter_s, pupil.centre_s));
  write_table(out, options.common.wide_csv, pupil, pupil.tracks, job);
  if (!options.circle.empty()) {
    write_circle(options.circle, pupil);
    job.report.files.push_back(options.circle);
  }
  return finish(pupil, pupil.tracks, options, std::span(&read, 1), {}, record_of_table(out), job);
}

JobOutcome<SmoothedCameras> run_smooth_paw(const JobInputs& inputs, const fs::path& out,
                                           const SmoothPawOptions& options, const JobHooks& hooks,
                                           const PawTimes& times) {
  Job job(hooks);
  const std::vector<std::string> sides = {"left", "right"};
  const std::vector<TableInputs> read =
      read_cameras(find_by_camera(inputs, sides, job), sides, {}, job);
  check_cameras(out, options.common, sides);
  const auto times_of = [&](const std::vector<double>& given, const fs::path& named, size_t side) {
    return times_of_rows(
        !given.empty()
            ? given
            : read_npy_doubles(named.empty() ? find_timestamps(inputs.paths, sides[side]) : named),
        read[side].tables.frame_index);
  };
  const std::vector<double> left = times_of(times.left, options.timestamps_left, 0);
  const std::vector<double> right = times_of(times.right, options.timestamps_right, 1);
  PawOptions paws;
  paws.cameras = cameras_of(options, VarianceMode::plain, job);
  paws.image_width = options.image_width;
  paws.keep_working_frame = options.working_frame;
  job.progress("smoothing", 0, 1, "tables");
  const SmoothedCameras smoothed =
      smooth_paws({read[0].tables.members, left}, {read[1].tables.members, right}, paws);
  job.progress("smoothing", 1, 1, "tables");
  write_cameras(out, options.common, smoothed, job);
  return finish(smoothed, smoothed.cameras.front(), options, read, sides, record_of_folder(out),
                job);
}

}  // namespace posse
