#include "smoothing/calibrated_cameras.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/keypoint_models.h"
#include "smoothing/parallel.h"

namespace posse {
namespace {

using Eigen::Vector3d;

/// The pixels of a point in all cameras.
class CameraObserver {
 public:
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>;
  explicit CameraObserver(const std::vector<CameraModel>& cameras)
      : cameras_(cameras), rows_(2 * cameras.size(), 3), offset_(2 * cameras.size()) {}

  /// A camera that the point lies behind gets NaN offsets, so that its pixels are left out.
  void linearise(const Vector3d& mean) {
    for (size_t c = 0; c < cameras_.size(); ++c) {
      const auto [pixel, jacobian] = cameras_[c].project(mean);
      const auto row = static_cast<Eigen::Index>(2 * c);
      rows_.middleRows<2>(row) = jacobian;
      offset_.segment<2>(row) = pixel - jacobian * mean;
    }
  }
  const Rows& jacobian() const { return rows_; }
  const Eigen::VectorXd& offset() const { return offset_; }

 private:
  const std::vector<CameraModel>& cameras_;
  Rows rows_;
  Eigen::VectorXd offset_;
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

/// Median absolute deviation from the median of the steps between successive frames that both have
/// a point.
double step_deviation(const FrameArray& points, size_t axis) {
  std::vector<double> steps;
  for (size_t t = 1; t < points.num_frames(); ++t) {
    const double step = points.at(t, axis) - points.at(t - 1, axis);
    if (std::isfinite(step)) steps.push_back(step);
  }
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

/// A keypoint in space.
class SpaceKeypoint {
 public:
  SpaceKeypoint(const StackedKeypoint& stacked, size_t index,
                std::span<const std::span<const Poses>> members,
                std::span<const CameraModel> calibration, const CalibratedCamerasOptions& options)
      : observed_(stacked.position), variances_(stacked.variance) {
    if (stacked.cameras.size() < 2) return;
    std::vector<std::span<const Poses>> used;
    for (const size_t c : stacked.cameras) {
      cameras_.push_back(calibration[c]);
      used.push_back(members[c]);
    }
    if (!stacked.kept.empty()) {
      inflation_ = inflate_variances(stacked.centred(), variances_, options.common.num_latent,
                                     options.common.inflation);
    }
    const double min_likelihood = options.common.ensemble.min_likelihood;
    prior_ =
        prior_from_points(triangulate(cameras_, used, index, options.triangulation, min_likelihood),
                          options.relative_floors);
  }

  bool usable() const { return prior_.known; }
  const FrameArray& observed() const { return observed_; }
  const FrameArray& variances() const { return variances_; }
  const InflationReport& inflation() const { return inflation_; }
  const std::vector<CameraModel>& cameras() const { return cameras_; }

  double negative_log_likelihood(double s, const FrameArray& variances,
                                 const ScalarLikelihoodRows& rows) const {
    CameraObserver observer(cameras_);
    const auto ignore = [](size_t, const FactoredState<3>&) {};
    return filter_states(model(s), observer, {.values = observed_, .variances = variances}, rows,
                         ignore);
  }

  template <typename Sink>
  void smooth(double s, Sink sink) const {
    CameraObserver observer(cameras_);
    FilteredStates<3> states(observed_.num_frames(), 3);
    filter_states(model(s), observer, {.values = observed_, .variances = variances_},
                  {.ranges = {{.begin = 0, .end = observed_.num_frames()}}},
                  [&](size_t t, const FactoredState<3>& state) { states.store(t, state); });
    smooth_states(model(s), states, sink);
  }

 private:
  StateModel<3> model(double s) const {
    return {.transition = Vector3d::Ones(),
            .process_factor = (std::sqrt(s) * prior_.step_deviation).asDiagonal(),
            .initial_mean = prior_.mean,
            .initial_factor = prior_.deviation.asDiagonal()};
  }

  FrameArray observed_;
  FrameArray variances_;
  std::vector<CameraModel> cameras_;
  InflationReport inflation_;
  SpacePrior prior_;
};

void place_space(const StackedKeypoint& stacked, const SpaceKeypoint& model, double s,
                 size_t keypoint, bool state_variance_only, SmoothedSpace& result) {
  model.smooth(s, [&](size_t t, const Vector3d& mean, const Eigen::Matrix3d& covariance) {
    for (size_t axis = 0; axis < 3; ++axis) {
      const auto i = static_cast<Eigen::Index>(axis);
      result.points.at(t, 3 * keypoint + axis) = mean(i);
      result.point_variances.at(t, 3 * keypoint + axis) = covariance(i, i);
    }
    for (size_t c = 0; c < stacked.cameras.size(); ++c) {
      const auto [pixel, jacobian] = model.cameras()[c].project(mean);
      SmoothedTracks& tracks = result.views.cameras[stacked.cameras[c]];
      for (size_t axis = 0; axis < 2; ++axis) {
        const auto row = jacobian.row(static_cast<Eigen::Index>(axis));
        const double of_members = state_variance_only ? 0.0 : model.variances().at(t, 2 * c + axis);
        tracks.position.at(t, 2 * keypoint + axis) = pixel(static_cast<Eigen::Index>(axis));
        tracks.posterior_variance.at(t, 2 * keypoint + axis) =
            row.dot(covariance * row.transpose()) + of_members;
      }
    }
  });
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
  std::vector<EnsembleStatistics> statistics =
      summarise_cameras(ordered, common.ensemble, common.num_threads);
  const size_t num_frames = statistics.front().position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  std::vector<std::span<const Poses>> members;
  for (const CameraMembers& camera : ordered) members.push_back(camera.members);
  const std::vector<StackedKeypoint> stacked = stack_views(statistics, common.quantile_to_keep);
  std::vector<std::optional<SpaceKeypoint>> prepared(stacked.size());
  for_each_piece(stacked.size(), 1, common.num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k)
      prepared[k].emplace(stacked[k], k, members, calibration, options);
  });
  std::vector<SpaceKeypoint> keypoints;
  for (auto& keypoint : prepared) keypoints.push_back(std::move(*keypoint));
  const auto parameters = tune_keypoints(keypoints, ordered.front().members.front().bodyparts,
                                         num_frames, common.tuning, common.num_threads);
  SmoothedSpace result{.views = prepare_cameras(ordered, std::move(statistics)),
                       .points = FrameArray(num_frames, 3 * keypoints.size()),
                       .point_variances = FrameArray(num_frames, 3 * keypoints.size())};
  std::ranges::fill(result.points.values(), std::numeric_limits<double>::quiet_NaN());
  std::ranges::fill(result.point_variances.values(), std::numeric_limits<double>::quiet_NaN());
  for_each_piece(keypoints.size(), 1, common.num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      if (!keypoints[k].usable()) continue;
      place_space(stacked[k], keypoints[k], parameters[k].s, k, common.state_variance_only, result);
    }
  });
  for (const SpaceKeypoint& keypoint : keypoints)
    result.views.inflation.push_back(keypoint.inflation());
  for (SmoothedTracks& tracks : result.views.cameras) tracks.parameters = parameters;
  return result;
}

}  // namespace posse
