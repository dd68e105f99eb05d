/// Square-root Kalman filter and smoother for a few state variables seen by many coordinates.
///
/// Model: x[0] ~ N(m0, S0), x[t+1] = A x[t] + N(0, Q) with diagonal A, y[t] = h(x[t]) + N(0,
/// diag(R[t])). Every covariance is carried as a factor F with P = F F'. The coordinates of a frame
/// are taken in one after the other by Potter's update; prediction and smoothing gain come from one
/// Householder triangularisation. Products F F' cannot become indefinite, and a factor holds twice
/// the digits of a variance: observation variances of 1e-12 px^2 next to process variances of 1e6
/// px^2 pass.
///
/// h may be nonlinear: it is linearised once per frame, at the predicted mean (extended Kalman
/// filter). A NaN coordinate is missing and left out; a frame of NaN is a prediction step. Sources:
/// J. E. Potter in R. H. Battin, Astronautical Guidance, 1964; H. E. Rauch, F. Tung, C. T.
/// Striebel, AIAA J. 3, 1965; the array form as in T. Kailath, A. H. Sayed, B. Hassibi, Linear
/// Estimation, 2000.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "smoothing/frame_array.h"
#include "smoothing/log_product.h"
#include "smoothing/scalar_filter.h"

namespace posse {

template <int D>
using StateVector = Eigen::Matrix<double, D, 1>;
template <int D>
using StateMatrix = Eigen::Matrix<double, D, D>;

/// The model without its observations. D may be Eigen::Dynamic.
template <int D>
struct StateModel {
  StateVector<D> transition;      ///< diagonal of A
  StateMatrix<D> process_factor;  ///< F with F F' = Q
  StateVector<D> initial_mean;    ///< m0
  StateMatrix<D> initial_factor;  ///< F with F F' = S0
};

/// F with F F' = symmetric, also where that is singular; negative eigenvalues, which rounding
/// makes, count as 0.
Eigen::MatrixXd symmetric_factor(const Eigen::MatrixXd& symmetric);

/// Observations of one keypoint, lanes = coordinates.
struct Observations {
  const FrameArray& values;  ///< [frames, coordinates], px; NaN = missing
  const FrameArray&
      variances;  ///< [frames, coordinates], px^2; or [1, coordinates], the same for all frames

  const double* variances_of(size_t frame) const {
    return variances.row(variances.num_frames() == 1 ? 0 : frame);
  }
};

/// h(x) = H x.
template <int D>
class LinearObserver {
 public:
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, D, D == 1 ? Eigen::ColMajor : Eigen::RowMajor>;
  explicit LinearObserver(Rows rows)
      : rows_(std::move(rows)), offset_(Eigen::VectorXd::Zero(rows_.rows())) {}

  /// Jacobian rows and h(mean) - H mean for each coordinate; valid until the next call.
  void linearise(const StateVector<D>&) {}
  const Rows& jacobian() const { return rows_; }
  const Eigen::VectorXd& offset() const { return offset_; }

 private:
  Rows rows_;
  Eigen::VectorXd offset_;
};

/// Makes the first `columns` columns of `array` upper triangular by Householder reflections of all
/// columns.
template <typename Array>
void triangularise(Array& array, Eigen::Index columns) {
  for (Eigen::Index c = 0; c < columns; ++c) {
    const double norm = std::sqrt(array.col(c).tail(array.rows() - c).squaredNorm());
    if (norm == 0) continue;
    const double pivot = array(c, c) > 0 ? -norm : norm;
    const double head = array(c, c) - pivot;  // no cancellation: opposite signs
    const double scale = 1 / (norm * (norm + std::abs(array(c, c))));
    for (Eigen::Index other = c + 1; other < array.cols(); ++other) {
      double product = head * array(c, other);
      for (Eigen::Index r = c + 1; r < array.rows(); ++r) product += array(r, c) * array(r, other);
      product *= scale;
      array(c, other) -= product * head;
      for (Eigen::Index r = c + 1; r < array.rows(); ++r) array(r, other) -= product * array(r, c);
    }
    array(c, c) = pivot;
    for (Eigen::Index r = c + 1; r < array.rows(); ++r) array(r, c) = 0;
  }
}

/// Mean and covariance factor of the state.
template <int D>
struct FactoredState {
  StateVector<D> mean;
  StateMatrix<D> factor;

  /// Takes in one coordinate: value = row * x + offset + N(0, variance). @return {innovation
  /// variance, squared innovation / it}
  template <typename Row>
  std::pair<double, double> observe(const Row& row, double value_less_offset, double variance) {
    const StateVector<D> f = factor.transpose() * row.transpose();
    const double total = f.squaredNorm() + variance;
    const double inverse = 1 / total;
    const StateVector<D> gain = factor * f * inverse;
    const double error = value_less_offset - row.dot(mean);
    mean += gain * error;
    factor -= gain * f.transpose() * (1 / (1 + std::sqrt(variance * inverse)));
    return {total, error * error * inverse};
  }

  void predict(const StateModel<D>& model) {
    constexpr int kTwice = D == Eigen::Dynamic ? Eigen::Dynamic : 2 * D;
    const Eigen::Index d = mean.size();
    Eigen::Matrix<double, kTwice, D> array(2 * d, d);
    array.topRows(d) = factor.transpose() * model.transition.asDiagonal();
    array.bottomRows(d) = model.process_factor.transpose();
    triangularise(array, d);
    factor = array.topRows(d).transpose();
    mean = model.transition.cwiseProduct(mean);
  }
};

/// Filtered states of a track, packed.
template <int D>
class FilteredStates {
 public:
  FilteredStates(size_t num_frames, Eigen::Index state_size)
      : size_(state_size),
        states_(num_frames, static_cast<size_t>(state_size * (state_size + 1))) {}

  void store(size_t frame, const FactoredState<D>& state) {
    double* row = states_.row(frame);
    std::copy_n(state.mean.data(), size_, row);
    std::copy_n(state.factor.data(), size_ * size_, row + size_);
  }
  FactoredState<D> load(size_t frame) const {
    const double* row = states_.row(frame);
    return {.mean = Eigen::Map<const StateVector<D>>(row, size_),
            .factor = Eigen::Map<const StateMatrix<D>>(row + size_, size_, size_)};
  }
  size_t num_frames() const { return states_.num_frames(); }

 private:
  Eigen::Index size_;
  FrameArray states_;
};

/// Filters the frames of `rows` and hands each filtered state to sink(frame, state).
/// @return negative log likelihood, natural logarithm with the 2 pi term.
template <int D, typename Observer, typename Sink>
double filter_states(const StateModel<D>& model, Observer& observer, const Observations& data,
                     const ScalarLikelihoodRows& rows, Sink sink) {
  const FactoredState<D> start{.mean = model.initial_mean, .factor = model.initial_factor};
  FactoredState<D> state = start;
  LogProduct variances;
  double quadratic = 0;
  double num_seen = 0;
  bool at_start = true;
  for (const RowRange& range : rows.ranges) {
    if (rows.restart_at_ranges) state = start;
    at_start = at_start || rows.restart_at_ranges;
    for (size_t t = range.begin; t < range.end; ++t) {
      if (!at_start) state.predict(model);
      at_start = false;
      const double* y = data.values.row(t);
      const double* r = data.variances_of(t);
      observer.linearise(state.mean);
      for (Eigen::Index i = 0; i < observer.jacobian().rows(); ++i) {
        const double value = y[i] - observer.offset()(i);
        if (std::isnan(value)) continue;  // not observed, or not observable from where the state is
        const auto [total, squared] = state.observe(observer.jacobian().row(i), value,
                                                    std::max(r[i], kLeastObservationVariance));
        variances.multiply(total);
        quadratic += squared;
        num_seen += 1;
      }
      sink(t, state);
    }
  }
  return 0.5 * (num_seen * std::log(2 * std::numbers::pi) + variances.log() + quadratic);
}

/// V' U^-T of the triangularised array: how x[t] follows x[t+1]. A direction the prediction knows
/// exactly follows nothing.
template <int D, typename Array>
StateMatrix<D> smoother_gain(const Array& array, Eigen::Index d) {
  constexpr double kNothing = 1e-15;  // of the largest standard deviation: rounding
  double largest = 0;
  for (Eigen::Index i = 0; i < d; ++i) largest = std::max(largest, std::abs(array(i, i)));
  StateMatrix<D> transposed(d, d);
  for (Eigen::Index i = d; i-- > 0;) {
    if (std::abs(array(i, i)) <= kNothing * largest) {
      transposed.row(i).setZero();
      continue;
    }
    for (Eigen::Index c = 0; c < d; ++c) {
      double sum = array(i, d + c);
      for (Eigen::Index j = i + 1; j < d; ++j) sum -= array(i, j) * transposed(j, c);
      transposed(i, c) = sum / array(i, i);
    }
  }
  return transposed.transpose();
}

/// Smooths backwards over the filtered states and hands each to sink(frame, mean, covariance), last
/// frame first.
template <int D, typename Sink>
void smooth_states(const StateModel<D>& model, const FilteredStates<D>& filtered, Sink sink) {
  constexpr int kTwice = D == Eigen::Dynamic ? Eigen::Dynamic : 2 * D;
  const Eigen::Index d = model.initial_mean.size();
  if (filtered.num_frames() == 0) return;
  size_t t = filtered.num_frames() - 1;
  const FactoredState<D> last = filtered.load(t);
  StateVector<D> mean = last.mean;
  StateMatrix<D> covariance = last.factor * last.factor.transpose();
  sink(t, mean, covariance);
  Eigen::Matrix<double, kTwice, kTwice> array(2 * d, 2 * d);
  while (t-- > 0) {
    // [ F'A'  F' ]  triangularised:  [ U  V ]   U'U = predicted covariance,  V'U = cov(x[t],
    // x[t+1]), [ G'    0  ]                   [ 0  C ]   C'C = cov(x[t] given x[t+1])
    const FactoredState<D> state = filtered.load(t);
    array.topRightCorner(d, d) = state.factor.transpose();
    array.topLeftCorner(d, d) = state.factor.transpose() * model.transition.asDiagonal();
    array.bottomLeftCorner(d, d) = model.process_factor.transpose();
    array.bottomRightCorner(d, d).setZero();
    triangularise(array, d);
    const StateMatrix<D> gain = smoother_gain<D>(array, d);
    const StateMatrix<D> rest = array.bottomRightCorner(d, d);
    mean = state.mean + gain * (mean - model.transition.cwiseProduct(state.mean));
    covariance = (rest.transpose() * rest + gain * covariance * gain.transpose()).eval();
    sink(t, mean, covariance);
  }
}

}  // namespace posse
