#include "smoothing/models/calibrated_cameras.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/models/filled_cameras.h"
#include "smoothing/models/keypoint_models.h"
#include "smoothing/models/linear_views.h"
#include "smoothing/observations/frame_gaps.h"

namespace posse {
namespace {

using Eigen::Vector3d;

/// The pixels of points in all cameras.
class CameraObserver : public Observer {
 public:
  explicit CameraObserver(std::vector<CameraModel> cameras)
      : Observer(2 * cameras.size(), 3), cameras_(std::move(cameras)) {}

  /// A camera that a point lies behind gets NaN offsets, so that its pixels are left out.
  void linearise(const Pack* mean) override {
    for (size_t c = 0; c < cameras_.size(); ++c)
      cameras_[c].linearise(mean, rows_.data() + 6 * c, offset_.data() + 2 * c);
  }

 private:
  std::vector<CameraModel> cameras_;
};

/// Mean and population variance of the finite entries of a column.
std::pair<double, double> moments(const FrameArray& points, size_t axis, size_t most) {
  double sum = 0;
  size_t count = 0;
  for (size_t t = 0; t < points.num_frames() && count < most; ++t) {
    if (!std::isfinite(points.at(t, axis))) continue;
    sum += points.at(t, axis);
    ++count;
  }
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  size_t left = count;
  for (size_t t = 0; t < points.num_frames() && left > 0; ++t) {
    if (!std::isfinite(points.at(t, axis))) continue;
    squares += (points.at(t, axis) - mean) * (points.at(t, axis) - mean);
    --left;
  }
  return {mean, squares / static_cast<double>(count)};
}

/// Steps between frames that have a point, over gaps divided by the root of their length, as a
/// random walk goes.
std::vector<double> steps_over_gaps(const FrameArray& points, size_t axis) {
  std::vector<double> steps;
  size_t last = points.num_frames();
  for (size_t t = 0; t < points.num_frames(); ++t) {
    if (!std::isfinite(points.at(t, axis))) continue;
    if (last < t) {
      steps.push_back((points.at(t, axis) - points.at(last, axis)) /
                      std::sqrt(static_cast<double>(t - last)));
    }
    last = t;
  }
  return steps;
}

/// Median absolute deviation from the median of the steps between successive frames that both have
/// a point; with few of these, of all steps.
double step_deviation(const FrameArray& points, size_t axis) {
  constexpr size_t kFewSteps = 10;
  std::vector<double> steps;
  for (size_t t = 1; t < points.num_frames(); ++t) {
    const double step = points.at(t, axis) - points.at(t - 1, axis);
    if (std::isfinite(step)) steps.push_back(step);
  }
  if (steps.size() < kFewSteps) steps = steps_over_gaps(points, axis);
  if (steps.empty()) return 0;
  const double median = percentile(steps, 50);
  for (double& step : steps) step = std::abs(step - median);
  return percentile(std::move(steps), 50);
}

/// Where a keypoint starts and how far it steps.
struct SpacePrior {
  bool known = false;
  Vector3d mean;
  Vector3d deviation;
  Vector3d step_deviation;
};

SpacePrior prior_from_points(const FrameArray& points, bool relative_floors) {
  constexpr size_t kFirstFrames = 10;
  constexpr double kLeastVariance = 1e-4;
  constexpr double kLeastSquaredStep = 1e-8;
  constexpr double kDeviationOfGaussian =
      1.4826;  // standard deviation over median absolute deviation
  SpacePrior prior;
  double spread = 0;
  for (size_t axis = 0; axis < 3; ++axis)
    spread += moments(points, axis, points.num_frames()).second / 3;
  const double unit = relative_floors ? spread : 1.0;
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto i = static_cast<Eigen::Index>(axis);
    prior.mean(i) = moments(points, axis, kFirstFrames).first;
    const double variance =
        moments(points, axis, points.num_frames()).second + kLeastVariance * unit;
    const double step =
        kDeviationOfGaussian * (step_deviation(points, axis) + 1e-12 * std::sqrt(unit));
    prior.deviation(i) = std::sqrt(variance);
    prior.step_deviation(i) = std::sqrt(std::max(step * step, kLeastSquaredStep * unit));
  }
  prior.known = prior.mean.allFinite();
  return prior;
}

std::vector<CameraModel> models_of(std::span<const CameraModel> calibration,
                                   std::span<const size_t> cameras) {
  std::vector<CameraModel> models;
  for (const size_t c : cameras) models.push_back(calibration[c]);
  return models;
}

/// The triangulated path. With relative floors in units of the cameras' distance: a linear solution
/// weighs coordinates against the 1 of homogeneous ones, so that it depends on the unit otherwise.
FrameArray path_in_space(std::vector<CameraModel> cameras,
                         std::span<const std::span<const Poses>> members, size_t keypoint,
                         const CalibratedCamerasOptions& options) {
  double unit = 1;
  if (options.relative_floors) {
    double squares = 0;
    for (const CameraModel& camera : cameras) squares += camera.translation.squaredNorm();
    if (squares > 0) unit = std::sqrt(squares / static_cast<double>(cameras.size()));
    for (CameraModel& camera : cameras) camera.translation /= unit;
  }
  FrameArray path = triangulate(cameras, members, keypoint, options.triangulation,
                                options.common.ensemble.min_likelihood);
  for (double& coordinate : path.values()) coordinate *= unit;
  return path;
}

/// Whether two cameras show the keypoint often enough to place it in space.
bool share_enough_frames(const StackedKeypoint& stacked) {
  constexpr size_t kEnoughFrames = 10;
  return frames_with_views(stacked, 2) >= std::min(kEnoughFrames, frames_with_views(stacked, 1));
}

PreparedKeypoint prepare(StackedKeypoint stacked, size_t index,
                         std::span<const std::span<const Poses>> members,
                         std::span<const CameraModel> calibration,
                         const CalibratedCamerasOptions& options) {
  PreparedKeypoint keypoint{.cameras = stacked.cameras,
                            .observed = {},
                            .variances = std::move(stacked.variance),
                            .mean = {},
                            .model = std::nullopt,
                            .inflation = {}};
  if (stacked.cameras.size() < 2 || !share_enough_frames(stacked)) return keypoint;
  if (!stacked.kept.empty() && has_enough_complete_frames(stacked)) {
    keypoint.inflation = inflate_variances(stacked.centred(), keypoint.variances,
                                           options.common.num_latent, options.common.inflation);
  }
  keypoint.observed = std::move(stacked.position);
  std::vector<std::span<const Poses>> used;
  for (const size_t c : stacked.cameras) used.push_back(members[c]);
  const SpacePrior prior = prior_from_points(
      path_in_space(models_of(calibration, stacked.cameras), used, index, options),
      options.relative_floors);
  if (!prior.known) return keypoint;
  keypoint.model = {.transition = Vector3d::Ones(),
                    .process_factor = prior.step_deviation.asDiagonal(),
                    .initial_mean = prior.mean,
                    .initial_factor = prior.deviation.asDiagonal()};
  return keypoint;
}

/// The single views of keypoints that have no place in space.
std::vector<StackedKeypoint> parts_without_space(std::span<const PreparedKeypoint> keypoints,
                                                 std::span<const EnsembleStatistics> statistics,
                                                 const SeveralCamerasOptions& options) {
  const auto is_usable = [](const PreparedKeypoint& keypoint) { return keypoint.usable(); };
  if (std::ranges::all_of(keypoints, is_usable)) return {};
  std::vector<StackedKeypoint> parts =
      stack_views(statistics, options.quantile_to_keep, ViewSets::single, options.num_threads);
  std::erase_if(parts, [&](const StackedKeypoint& part) {
    return keypoints[part.bodypart].usable() || part.cameras.empty();
  });
  return parts;
}

std::vector<std::string> warnings_about_space(std::span<const StackedKeypoint> parts,
                                              std::span<const std::string> bodyparts,
                                              std::span<const std::string> cameras) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < parts.size();) {
    const size_t bodypart = parts[i].bodypart;
    std::string views;
    for (; i < parts.size() && parts[i].bodypart == bodypart; ++i) {
      views += fmt::format("{}{} ({} frames)", views.empty() ? "" : ", ",
                           cameras[parts[i].cameras.front()], frames_with_views(parts[i], 1));
    }
    warnings.push_back(
        fmt::format("{}: too few frames show it to two cameras, so it has no place in space; each "
                    "camera keeps its own track: {}",
                    bodyparts[bodypart], views));
  }
  return warnings;
}

/// The cameras in the order of the calibration.
std::vector<CameraMembers> ordered_cameras(std::span<const CameraMembers> cameras,
                                           std::span<const CameraModel> calibration) {
  std::vector<std::string> given;
  for (const CameraMembers& camera : cameras) given.push_back(camera.name);
  std::vector<std::string> calibrated;
  for (const CameraModel& model : calibration) calibrated.push_back(model.name);
  std::vector<CameraMembers> ordered;
  for (const std::string& name : calibrated) {
    const auto camera = std::ranges::find(given, name);
    if (camera != given.end())
      ordered.push_back(cameras[static_cast<size_t>(camera - given.begin())]);
  }
  if (ordered.size() != calibration.size() || cameras.size() != calibration.size()) {
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("the calibration has {} cameras ({}), the predictions {} ({})",
                    calibrated.size(), list_names(calibrated), given.size(), list_names(given)));
  }
  if (calibration.size() < 2) {
    throw Error(ErrorKind::invalid_value,
                "smoothing in space needs at least two calibrated cameras");
  }
  return ordered;
}

}  // namespace

SmoothedSpace smooth_calibrated_cameras(std::span<const CameraMembers> cameras,
                                        std::span<const CameraModel> calibration,
                                        const CalibratedCamerasOptions& options) {
  const SeveralCamerasOptions& common = options.common;
  const std::vector<CameraMembers> ordered = ordered_cameras(cameras, calibration);
  common.validate(ordered.size());
  if (const FilledCameras filled(ordered); filled.had_gaps()) {
    SmoothedSpace result = smooth_calibrated_cameras(filled.cameras(), calibration, options);
    filled.keep_frames(result.views);
    result.points = rows_of_frames(result.points, filled.frames());
    result.point_variances = rows_of_frames(result.point_variances, filled.frames());
    return result;
  }
  std::vector<EnsembleStatistics> statistics =
      summarise_cameras(ordered, common.ensemble, common.num_threads);
  const size_t num_frames = statistics.front().position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  std::vector<std::span<const Poses>> members;
  members.reserve(ordered.size());
  for (const CameraMembers& camera : ordered) members.push_back(camera.members);
  std::vector<StackedKeypoint> stacked =
      stack_views(statistics, common.quantile_to_keep, ViewSets::all, common.num_threads);
  std::vector<std::vector<size_t>> cameras_of;
  cameras_of.reserve(stacked.size());
  for (const StackedKeypoint& keypoint : stacked) cameras_of.push_back(keypoint.cameras);
  const auto observer_of = [&](std::span<const size_t> group) {
    return std::make_unique<CameraObserver>(models_of(calibration, cameras_of[group.front()]));
  };
  const KeypointGroups groups(prepare_keypoints(stacked.size(), common.num_threads,
                                                [&](size_t k) {
                                                  return prepare(std::move(stacked[k]), k, members,
                                                                 calibration, options);
                                                }),
                              observer_of, common.num_threads);
  const auto parameters =
      groups.tune(ordered.front().members.front().bodyparts, num_frames, common.tuning);
  std::vector<StackedKeypoint> alone = parts_without_space(groups.keypoints(), statistics, common);
  SmoothedSpace result{.views = prepare_cameras(ordered, std::move(statistics)),
                       .points = FrameArray(num_frames, 3 * stacked.size()),
                       .point_variances = FrameArray(num_frames, 3 * stacked.size())};
  std::ranges::fill(result.points.values(), std::numeric_limits<double>::quiet_NaN());
  std::ranges::fill(result.point_variances.values(), std::numeric_limits<double>::quiet_NaN());
  groups.smooth(
      parameters, [&](size_t k, size_t lane, size_t frame, const SmoothedFrame& smoothed) {
        for (size_t axis = 0; axis < 3; ++axis) {
          result.points.at(frame, 3 * k + axis) = smoothed.mean[axis][lane];
          result.point_variances.at(frame, 3 * k + axis) = smoothed.covariance[4 * axis][lane];
        }
        place_views(groups.keypoints()[k], k, lane, frame, smoothed, common.state_variance_only,
                    result.views);
      });
  for (const PreparedKeypoint& keypoint : groups.keypoints())
    result.views.inflation.push_back(keypoint.inflation);
  for (SmoothedTracks& tracks : result.views.cameras) tracks.parameters = parameters;
  if (!alone.empty()) {
    const std::vector<std::string>& bodyparts = ordered.front().members.front().bodyparts;
    result.views.cameras.front().warnings =
        warnings_about_space(alone, bodyparts, result.views.names);
    smooth_parts(std::move(alone), bodyparts, common, result.views);
  }
  return result;
}

}  // namespace posse
