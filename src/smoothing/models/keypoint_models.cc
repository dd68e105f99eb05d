#include "smoothing/models/keypoint_models.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "smoothing/parallel.h"

namespace posse {
namespace {

/// Usable keypoints that see the same cameras, in sets of up to kPackSize.
std::vector<std::vector<size_t>> groups_of(const std::vector<PreparedKeypoint>& keypoints) {
  std::vector<std::vector<size_t>> groups;
  for (size_t k = 0; k < keypoints.size(); ++k) {
    if (!keypoints[k].usable()) continue;
    const auto open = std::ranges::find_if(groups, [&](const std::vector<size_t>& group) {
      const PreparedKeypoint& first = keypoints[group.front()];
      return group.size() < kPackSize && first.cameras == keypoints[k].cameras &&
             first.model->initial_mean.size() == keypoints[k].model->initial_mean.size();
    });
    if (open == groups.end()) {
      groups.push_back({k});
    } else {
      open->push_back(k);
    }
  }
  return groups;
}

}  // namespace

StateTrack PreparedKeypoint::track(double s, const FrameArray* of_observations) const {
  StateTrack track{.model = *model,
                   .values = &observed,
                   .variances = of_observations == nullptr ? &variances : of_observations};
  track.model.process_factor *= std::sqrt(s);
  return track;
}

KeypointGroups::KeypointGroups(std::vector<PreparedKeypoint> keypoints, ObserverOf observer_of,
                               int num_threads)
    : keypoints_(std::move(keypoints)),
      groups_(groups_of(keypoints_)),
      observer_of_(std::move(observer_of)),
      num_threads_(num_threads) {}

std::vector<StateTrack> KeypointGroups::tracks_of(std::span<const size_t> group,
                                                  std::span<const double> s,
                                                  const std::vector<FrameArray>* constants) const {
  std::vector<StateTrack> tracks;
  for (const size_t k : group)
    tracks.push_back(keypoints_[k].track(s[k], constants == nullptr ? nullptr : &(*constants)[k]));
  return tracks;
}

void KeypointGroups::for_each_group(
    int num_threads, const std::function<void(std::span<const size_t> group)>& body) const {
  for_each_piece(groups_.size(), 1, num_threads, [&](size_t begin, size_t end) {
    for (size_t g = begin; g < end; ++g) body(groups_[g]);
  });
}

std::vector<SmoothingParameter> KeypointGroups::tune(const std::vector<std::string>& bodyparts,
                                                     size_t num_frames,
                                                     const TuningOptions& options) const {
  const ScalarLikelihoodRows rows = tuning_rows(options, num_frames);
  constexpr double kNanosecondsPerStep = 2000;  // a group's frame, with some ten coordinates
  size_t num_steps = 0;
  for (const RowRange& range : rows.ranges) num_steps += (range.end - range.begin) * groups_.size();
  const int threads = threads_worth_starting(num_steps, kNanosecondsPerStep, num_threads_);
  const bool constant = options.objective == TuningObjective::constant && options.is_tuned();
  std::vector<FrameArray> constants;
  for (size_t k = 0; constant && k < keypoints_.size(); ++k)
    constants.push_back(constant_variances(keypoints_[k].observed, keypoints_[k].variances, rows));
  const TuningProblem problem{
      .bodyparts = bodyparts,
      .num_frames = num_frames,
      .objective =
          [&](std::span<const double> log_s) {
            std::vector<double> s;
            for (const double each : log_s) s.push_back(std::exp(each));
            std::vector<double> values(keypoints_.size(), 0.0);
            for_each_group(threads, [&](std::span<const size_t> group) {
              const auto tracks = tracks_of(group, s, constant ? &constants : nullptr);
              const auto of_group = filter_likelihoods(tracks, *observer_of_(group), rows);
              for (size_t i = 0; i < group.size(); ++i) values[group[i]] = of_group[i];
            });
            return values;
          },
      .initial_guess =
          [&](size_t k) {
            return initial_guess_of_s(keypoints_[k].variances, 0,
                                      keypoints_[k].variances.num_lanes());
          }};
  std::vector<SmoothingParameter> parameters = choose_smoothing(options, problem);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (size_t k = 0; k < keypoints_.size(); ++k) {
    if (!keypoints_[k].usable()) parameters[k] = {.s = kNan, .negative_log_likelihood = kNan};
  }
  return parameters;
}

void KeypointGroups::smooth(std::span<const SmoothingParameter> parameters,
                            const Sink& sink) const {
  std::vector<double> s;
  for (const SmoothingParameter& parameter : parameters) s.push_back(parameter.s);
  for_each_group(num_threads_, [&](std::span<const size_t> group) {
    smooth_states(tracks_of(group, s, nullptr), *observer_of_(group),
                  [&](size_t frame, const SmoothedFrame& smoothed) {
                    for (size_t lane = 0; lane < group.size(); ++lane)
                      sink(group[lane], lane, frame, smoothed);
                  });
  });
}

std::vector<PreparedKeypoint> prepare_keypoints(
    size_t count, int num_threads,
    const std::function<PreparedKeypoint(size_t keypoint)>& prepare) {
  std::vector<PreparedKeypoint> keypoints(count);
  for_each_piece(count, 1, num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) keypoints[k] = prepare(k);
  });
  return keypoints;
}

SmoothedCameras prepare_cameras(std::span<const CameraMembers> cameras,
                                std::vector<EnsembleStatistics> statistics) {
  SmoothedCameras result;
  for (size_t c = 0; c < cameras.size(); ++c) {
    const Poses& poses = cameras[c].members.front();
    EnsembleStatistics& of_camera = statistics[c];
    SmoothedTracks tracks;
    tracks.bodyparts = poses.bodyparts;
    tracks.frame_index = poses.frame_index;
    tracks.position = FrameArray(of_camera.position.num_frames(), of_camera.position.num_lanes());
    tracks.posterior_variance =
        FrameArray(of_camera.position.num_frames(), of_camera.position.num_lanes());
    std::ranges::fill(tracks.position.values(), std::numeric_limits<double>::quiet_NaN());
    std::ranges::fill(tracks.posterior_variance.values(), std::numeric_limits<double>::quiet_NaN());
    tracks.unobserved_bodyparts = unobserved(poses.bodyparts, of_camera.position);
    tracks.ensemble_position = std::move(of_camera.position);
    tracks.ensemble_variance = std::move(of_camera.variance);
    tracks.likelihood = std::move(of_camera.likelihood);
    tracks.calibrated = cameras[c].members.size() > 1;
    result.names.push_back(cameras[c].name);
    result.cameras.push_back(std::move(tracks));
  }
  return result;
}

void place_views(const PreparedKeypoint& keypoint, size_t index, size_t lane, size_t frame,
                 const SmoothedFrame& smoothed, bool state_variance_only, SmoothedCameras& result) {
  for (size_t i = 0; i < smoothed.position.size(); ++i) {
    SmoothedTracks& tracks = result.cameras[keypoint.cameras[i / 2]];
    const size_t target = 2 * index + i % 2;
    const double of_members = state_variance_only ? 0.0 : keypoint.variances.at(frame, i);
    const double mean = keypoint.mean.empty() ? 0.0 : keypoint.mean[i];
    tracks.position.at(frame, target) = smoothed.position[i][lane] + mean;
    tracks.posterior_variance.at(frame, target) = smoothed.variance[i][lane] + of_members;
  }
}

void place_variances(const PreparedKeypoint& keypoint, size_t index, SmoothedCameras& result) {
  for (size_t i = 0; i < keypoint.cameras.size(); ++i) {
    FrameArray& of_camera = result.cameras[keypoint.cameras[i]].ensemble_variance;
    for (size_t t = 0; t < keypoint.variances.num_frames(); ++t)
      std::copy_n(keypoint.variances.row(t) + 2 * i, 2, of_camera.row(t) + 2 * index);
  }
}

}  // namespace posse
