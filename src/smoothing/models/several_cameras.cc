#include "smoothing/models/several_cameras.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "cameras/symmetric_eigen.h"
#include "smoothing/models/filled_cameras.h"
#include "smoothing/models/keypoint_models.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The subspace that a keypoint's views share.
struct Subspace {
  MatrixXd axes;  // [lanes, state], orthonormal columns
  VectorXd mean;  // [lanes], of the frames that made them
};

/// Rows of `centred` as a matrix.
MatrixXd rows_of(const FrameArray& centred, std::span<const size_t> frames) {
  MatrixXd rows(static_cast<Index>(frames.size()), static_cast<Index>(centred.num_lanes()));
  for (Index r = 0; r < rows.rows(); ++r) {
    for (Index i = 0; i < rows.cols(); ++i)
      rows(r, i) = centred.at(frames[static_cast<size_t>(r)], static_cast<size_t>(i));
  }
  return rows;
}

/// Principal axes of the first kept frames.
Subspace fit_axes(const FrameArray& centred, const StackedKeypoint& stacked, Index num_axes) {
  MatrixXd rows = rows_of(centred, std::span(stacked.kept).first(stacked.num_for_axes));
  Subspace subspace;
  subspace.mean = rows.colwise().mean();
  rows.rowwise() -= subspace.mean.transpose();
  const SymmetricEigen eigen = eigen_of_symmetric(rows.transpose() * rows);
  subspace.axes = eigen.vectors.rowwise().reverse().leftCols(num_axes);
  return subspace;
}

/// Prior and process shape from the kept frames' coordinates along the axes.
StateModel fit_process(const FrameArray& centred, const StackedKeypoint& stacked,
                       const Subspace& subspace) {
  MatrixXd scores = rows_of(centred, stacked.kept);
  scores.rowwise() -= subspace.mean.transpose();
  scores = (scores * subspace.axes).eval();
  MatrixXd steps = scores.bottomRows(scores.rows() - 1) - scores.topRows(scores.rows() - 1);
  const VectorXd mean_step = steps.colwise().mean();
  steps.rowwise() -= mean_step.transpose();
  MatrixXd covariance =
      steps.transpose() * steps / std::max(1.0, static_cast<double>(steps.rows() - 1));
  const double largest = covariance.cwiseAbs().maxCoeff();
  if (largest > 0) covariance /= largest;
  const VectorXd mean = scores.colwise().mean();
  scores.rowwise() -= mean.transpose();
  const VectorXd deviation =
      scores.colwise().norm() / std::sqrt(static_cast<double>(scores.rows()));
  const Index size = subspace.axes.cols();
  return {.transition = VectorXd::Ones(size),
          .process_factor = symmetric_factor(covariance),
          .initial_mean = VectorXd::Zero(size),
          .initial_factor = deviation.asDiagonal()};
}

/// @param axes  gets H [lanes, state]
PreparedKeypoint prepare(StackedKeypoint stacked, const SeveralCamerasOptions& options,
                         MatrixXd& axes) {
  PreparedKeypoint keypoint{.cameras = stacked.cameras,
                            .observed = stacked.centred(),
                            .variances = std::move(stacked.variance),
                            .mean = stacked.mean,
                            .model = std::nullopt,
                            .inflation = {}};
  if (stacked.kept.size() < 2 || stacked.num_for_axes < 1) return keypoint;
  keypoint.inflation = inflate_variances(keypoint.observed, keypoint.variances, options.num_latent,
                                         options.inflation);
  const Index num_axes =
      std::min<Index>(options.num_latent, static_cast<Index>(stacked.num_lanes()));
  Subspace subspace = fit_axes(keypoint.observed, stacked, num_axes);
  keypoint.model = fit_process(keypoint.observed, stacked, subspace);
  axes = std::move(subspace.axes);
  return keypoint;
}

}  // namespace

void SeveralCamerasOptions::validate(size_t num_cameras) const {
  if (num_latent < 1 || static_cast<size_t>(num_latent) > 2 * num_cameras) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("the subspace of {} cameras has 1 to {} axes, got {}", num_cameras,
                            2 * num_cameras, num_latent));
  }
  ensemble.validate();
  inflation.validate();
}

SmoothedCameras smooth_several_cameras(std::span<const CameraMembers> cameras,
                                       const SeveralCamerasOptions& options) {
  options.validate(cameras.size());
  if (const FilledCameras filled(cameras); filled.had_gaps()) {
    SmoothedCameras result = smooth_several_cameras(filled.cameras(), options);
    filled.keep_frames(result);
    return result;
  }
  std::vector<EnsembleStatistics> statistics =
      summarise_cameras(cameras, options.ensemble, options.num_threads);
  const size_t num_frames = statistics.front().position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  std::vector<StackedKeypoint> stacked =
      stack_views(statistics, options.quantile_to_keep, options.num_threads);
  std::vector<MatrixXd> axes(stacked.size());
  const auto observer_of = [&](std::span<const size_t> group) {
    std::vector<MatrixXd> rows;
    for (const size_t k : group) rows.push_back(axes[k]);
    return std::make_unique<LinearObserver>(rows);
  };
  const KeypointGroups groups(
      prepare_keypoints(stacked.size(), options.num_threads,
                        [&](size_t k) { return prepare(std::move(stacked[k]), options, axes[k]); }),
      observer_of, options.num_threads);
  const auto parameters =
      groups.tune(cameras.front().members.front().bodyparts, num_frames, options.tuning);
  SmoothedCameras result = prepare_cameras(cameras, std::move(statistics));
  for (size_t k = 0; k < stacked.size(); ++k) {
    const PreparedKeypoint& keypoint = groups.keypoints()[k];
    result.inflation.push_back(keypoint.inflation);
    if (keypoint.usable()) place_variances(keypoint, k, result);
  }
  groups.smooth(parameters,
                [&](size_t k, size_t lane, size_t frame, const SmoothedFrame& smoothed) {
                  place_views(groups.keypoints()[k], k, lane, frame, smoothed,
                              options.state_variance_only, result);
                });
  for (SmoothedTracks& tracks : result.cameras) tracks.parameters = parameters;
  return result;
}

}  // namespace posse
