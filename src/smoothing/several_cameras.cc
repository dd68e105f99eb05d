#include "smoothing/several_cameras.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/keypoint_models.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// A keypoint in the subspace its views share.
class LinearKeypoint {
 public:
  LinearKeypoint(const StackedKeypoint& stacked, const SeveralCamerasOptions& options)
      : centred_(stacked.centred()), variances_(stacked.variance) {
    usable_ = stacked.kept.size() >= 2 && stacked.num_for_axes >= 1;
    if (!usable_) return;
    inflation_ = inflate_variances(centred_, variances_, options.num_latent, options.inflation);
    fit_axes(stacked, std::min<Index>(options.num_latent, static_cast<Index>(stacked.num_lanes())));
    fit_process(stacked);
  }

  bool usable() const { return usable_; }
  const FrameArray& observed() const { return centred_; }
  const FrameArray& variances() const { return variances_; }
  const InflationReport& inflation() const { return inflation_; }

  double negative_log_likelihood(double s, const FrameArray& variances,
                                 const ScalarLikelihoodRows& rows) const {
    return with_state_size(axes_.cols(), [&](auto size) {
      const auto model = model_of<size()>(s);
      LinearObserver<size()> observer(axes_);
      const auto ignore = [](size_t, const FactoredState<size()>&) {};
      return filter_states(model, observer, {.values = centred_, .variances = variances}, rows,
                           ignore);
    });
  }

  /// Calls sink(frame, lane, centred position, state variance) for all frames and lanes.
  template <typename Sink>
  void smooth(double s, Sink sink) const {
    with_state_size(axes_.cols(), [&](auto size) {
      const auto model = model_of<size()>(s);
      LinearObserver<size()> observer(axes_);
      FilteredStates<size()> states(centred_.num_frames(), axes_.cols());
      filter_states(model, observer, {.values = centred_, .variances = variances_},
                    {.ranges = {{.begin = 0, .end = centred_.num_frames()}}},
                    [&](size_t t, const FactoredState<size()>& state) { states.store(t, state); });
      const auto& rows = observer.jacobian();
      smooth_states(model, states, [&](size_t t, const auto& mean, const auto& covariance) {
        for (Index i = 0; i < rows.rows(); ++i) {
          const StateVector<size()> spread = covariance * rows.row(i).transpose();
          sink(t, static_cast<size_t>(i), rows.row(i).dot(mean), rows.row(i).dot(spread));
        }
      });
    });
  }

 private:
  /// Principal axes of the first kept frames.
  void fit_axes(const StackedKeypoint& stacked, Index num_axes) {
    const auto lanes = static_cast<Index>(stacked.num_lanes());
    MatrixXd rows(static_cast<Index>(stacked.num_for_axes), lanes);
    for (Index r = 0; r < rows.rows(); ++r) {
      rows.row(r) =
          Eigen::Map<const VectorXd>(centred_.row(stacked.kept[static_cast<size_t>(r)]), lanes);
    }
    axes_mean_ = rows.colwise().mean();
    rows.rowwise() -= axes_mean_.transpose();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(rows.transpose() * rows);
    axes_ = solver.eigenvectors().rowwise().reverse().leftCols(num_axes);
  }

  /// Prior and process shape from the kept frames' coordinates along the axes.
  void fit_process(const StackedKeypoint& stacked) {
    const auto lanes = static_cast<Index>(stacked.num_lanes());
    MatrixXd scores(static_cast<Index>(stacked.kept.size()), axes_.cols());
    for (Index r = 0; r < scores.rows(); ++r) {
      const Eigen::Map<const VectorXd> y(centred_.row(stacked.kept[static_cast<size_t>(r)]), lanes);
      scores.row(r) = (y - axes_mean_).transpose() * axes_;
    }
    const VectorXd mean = scores.colwise().mean();
    initial_deviation_ = (scores.rowwise() - mean.transpose()).colwise().norm() /
                         std::sqrt(static_cast<double>(scores.rows()));
    MatrixXd steps = scores.bottomRows(scores.rows() - 1) - scores.topRows(scores.rows() - 1);
    steps.rowwise() -= steps.colwise().mean().eval();
    const MatrixXd covariance =
        steps.transpose() * steps / std::max(1.0, static_cast<double>(steps.rows() - 1));
    const double largest = covariance.cwiseAbs().maxCoeff();
    process_factor_ = symmetric_factor(largest > 0 ? MatrixXd(covariance / largest) : covariance);
  }

  template <int D>
  StateModel<D> model_of(double s) const {
    return {.transition = VectorXd::Ones(axes_.cols()),
            .process_factor = std::sqrt(s) * process_factor_,
            .initial_mean = VectorXd::Zero(axes_.cols()),
            .initial_factor = MatrixXd(initial_deviation_.asDiagonal())};
  }

  FrameArray centred_;
  FrameArray variances_;
  bool usable_ = false;
  InflationReport inflation_;
  MatrixXd axes_;  // [lanes, state], orthonormal columns
  VectorXd axes_mean_;
  VectorXd initial_deviation_;
  MatrixXd process_factor_;
};

void place_smoothed(const StackedKeypoint& stacked, const LinearKeypoint& model, double s,
                    size_t keypoint, bool state_variance_only, SmoothedCameras& result) {
  model.smooth(s, [&](size_t t, size_t lane, double position, double variance) {
    SmoothedTracks& tracks = result.cameras[stacked.cameras[lane / 2]];
    const size_t target = 2 * keypoint + lane % 2;
    const double of_members = state_variance_only ? 0.0 : model.variances().at(t, lane);
    tracks.position.at(t, target) = position + stacked.mean[lane];
    tracks.posterior_variance.at(t, target) = variance + of_members;
  });
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
  std::vector<EnsembleStatistics> statistics =
      summarise_cameras(cameras, options.ensemble, options.num_threads);
  const size_t num_frames = statistics.front().position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  const std::vector<StackedKeypoint> stacked = stack_views(statistics, options.quantile_to_keep);
  std::vector<std::optional<LinearKeypoint>> prepared(stacked.size());
  for_each_piece(stacked.size(), 1, options.num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) prepared[k].emplace(stacked[k], options);
  });
  std::vector<LinearKeypoint> keypoints;
  for (auto& keypoint : prepared) keypoints.push_back(std::move(*keypoint));
  const auto parameters = tune_keypoints(keypoints, cameras.front().members.front().bodyparts,
                                         num_frames, options.tuning, options.num_threads);
  SmoothedCameras result = prepare_cameras(cameras, std::move(statistics));
  for_each_piece(keypoints.size(), 1, options.num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      if (!keypoints[k].usable()) continue;
      place_variances(stacked[k], keypoints[k].variances(), k, result);
      place_smoothed(stacked[k], keypoints[k], parameters[k].s, k, options.state_variance_only,
                     result);
    }
  });
  for (const LinearKeypoint& keypoint : keypoints) result.inflation.push_back(keypoint.inflation());
  for (SmoothedTracks& tracks : result.cameras) tracks.parameters = parameters;
  return result;
}

}  // namespace posse
