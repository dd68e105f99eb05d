/// Square-root Kalman filter and smoother for a few state variables seen by many coordinates, up to
/// kPackSize tracks side by side.
///
/// Model: x[0] ~ N(m0, S0), x[t+1] = A x[t] + N(0, Q) with diagonal A, y[t] = h(x[t]) + N(0,
/// diag(R[t])). Every covariance is carried as a factor F with P = F F'. The coordinates of a frame
/// are taken in one after the other by Potter's update; prediction and smoothing gain come from one
/// Householder triangularisation. Products F F' cannot become indefinite, and a factor holds twice
/// the digits of a variance: observation variances of 1e-12 px^2 next to process variances of 1e6
/// px^2 pass.
///
/// h may be nonlinear: it is linearised once per frame, at the predicted mean (extended Kalman
/// filter). A NaN coordinate is missing and left out; a frame of NaN is a prediction step. Tracks
/// of a group never mix, and each gives the same digits whatever its company. Sources: J. E. Potter
/// in R. H. Battin, Astronautical Guidance, 1964; H. E. Rauch, F. Tung, C. T. Striebel, AIAA J. 3,
/// 1965; the array form as in T. Kailath, A. H. Sayed, B. Hassibi, Linear Estimation, 2000.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <vector>

#include "base/frame_array.h"
#include "simd/pack.h"
#include "smoothing/filter/scalar_filter.h"

namespace posse {

/// A track's model without its observations.
struct StateModel {
  Eigen::VectorXd transition;      ///< diagonal of A
  Eigen::MatrixXd process_factor;  ///< F with F F' = Q
  Eigen::VectorXd initial_mean;    ///< m0
  Eigen::MatrixXd initial_factor;  ///< F with F F' = S0
};

/// One track: its model and what was seen of it.
struct StateTrack {
  StateModel model;
  /// [frames, coordinates], px; NaN = missing.
  const FrameArray* values;
  /// [frames, coordinates], px^2; or [1, coordinates]: the same for all frames.
  const FrameArray* variances;
};

/// How coordinates follow from the states of a group: y = rows x + offset near a mean.
class Observer {
 public:
  Observer(size_t num_coordinates, size_t state_size)
      : rows_(num_coordinates * state_size, Pack::all(0)), offset_(num_coordinates, Pack::all(0)) {}
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Brings rows() and offset() to the group's means [state]. An offset of NaN: this coordinate
  /// cannot be observed from there.
  virtual void linearise(const Pack* mean) = 0;
  const std::vector<Pack>& rows() const { return rows_; }      ///< [coordinates, state]
  const std::vector<Pack>& offset() const { return offset_; }  ///< [coordinates]

 protected:
  std::vector<Pack> rows_;
  std::vector<Pack> offset_;
};

/// h(x) = H x, with an H [coordinates, state] per track.
class LinearObserver : public Observer {
 public:
  explicit LinearObserver(std::span<const Eigen::MatrixXd> rows);
  void linearise(const Pack*) override {}
};

/// Negative log likelihood of each track over `rows`, natural logarithm with the 2 pi term.
/// @param tracks  1 to kPackSize, of equal length, state size and coordinates.
std::vector<double> filter_likelihoods(std::span<const StateTrack> tracks, Observer& observer,
                                       const ScalarLikelihoodRows& rows);

/// Smoothed states of a group in one frame; lane i is track i.
struct SmoothedFrame {
  std::span<const Pack> mean;        ///< [state]
  std::span<const Pack> covariance;  ///< [state, state]
  std::span<const Pack> position;    ///< [coordinates], h(mean)
  std::span<const Pack> variance;    ///< [coordinates], of the state seen through h
};

/// Filters and smooths all frames and hands each to sink(frame, smoothed), last frame first.
void smooth_states(std::span<const StateTrack> tracks, Observer& observer,
                   const std::function<void(size_t frame, const SmoothedFrame&)>& sink);

}  // namespace posse
