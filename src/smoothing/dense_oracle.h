/// Test oracle: a linear Gaussian state-space model written as one big Gaussian and conditioned by
/// plain linear algebra.
///
/// Shares no formula with the filters: no recursion over observations, no gain, no smoother. In
/// long double, for short tracks only (cubic in the number of observations).
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <numbers>
#include <vector>

namespace posse::testing {

using WideMatrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using WideVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// x[0] ~ N(m0, S0), x[t+1] = A x[t] + N(0, Q), y[t] = H x[t] + N(0, diag(R[t])); NaN in y is
/// missing.
struct DenseModel {
  WideMatrix transition;        ///< A, [state, state]
  WideMatrix process;           ///< Q
  WideVector initial_mean;      ///< m0
  WideMatrix initial_variance;  ///< S0
  WideMatrix observation;       ///< H, [observed, state]
};

struct DensePosterior {
  std::vector<WideVector> mean;      ///< per frame
  std::vector<WideMatrix> variance;  ///< per frame
  long double negative_log_likelihood = 0;
};

/// @param y, r  [frames, observed]
inline DensePosterior condition(const DenseModel& model, const Eigen::MatrixXd& y,
                                const Eigen::MatrixXd& r) {
  const Eigen::Index frames = y.rows();
  const Eigen::Index d = model.initial_mean.size();
  WideVector mean(frames * d);
  WideMatrix cov = WideMatrix::Zero(frames * d, frames * d);
  WideVector m = model.initial_mean;
  WideMatrix p = model.initial_variance;
  for (Eigen::Index i = 0; i < frames; ++i) {
    mean.segment(i * d, d) = m;
    WideMatrix cross = p;
    for (Eigen::Index j = i; j < frames; ++j) {
      cov.block(i * d, j * d, d, d) = cross;
      cov.block(j * d, i * d, d, d) = cross.transpose();
      cross = cross * model.transition.transpose();
    }
    m = model.transition * m;
    p = model.transition * p * model.transition.transpose() + model.process;
  }
  std::vector<std::pair<Eigen::Index, Eigen::Index>> seen;
  for (Eigen::Index t = 0; t < frames; ++t) {
    for (Eigen::Index o = 0; o < y.cols(); ++o) {
      if (!std::isnan(y(t, o))) seen.emplace_back(t, o);
    }
  }
  const auto n = static_cast<Eigen::Index>(seen.size());
  WideMatrix h = WideMatrix::Zero(n, frames * d);
  WideVector error(n);
  WideVector noise(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto [t, o] = seen[static_cast<size_t>(i)];
    h.block(i, t * d, 1, d) = model.observation.row(o);
    error(i) = y(t, o);
    noise(i) = r(t, o);
  }
  error -= h * mean;
  const WideMatrix cross = cov * h.transpose();
  const WideMatrix total = h * cross + WideMatrix(noise.asDiagonal());
  const Eigen::LDLT<WideMatrix> solver(total);
  const WideVector posterior_mean = mean + cross * solver.solve(error);
  const WideMatrix posterior = cov - cross * solver.solve(cross.transpose());
  DensePosterior result;
  for (Eigen::Index t = 0; t < frames; ++t) {
    result.mean.push_back(posterior_mean.segment(t * d, d));
    result.variance.push_back(posterior.block(t * d, t * d, d, d));
  }
  const long double log_determinant = solver.vectorD().array().log().sum();
  result.negative_log_likelihood =
      0.5L * (static_cast<long double>(n) * std::log(2 * std::numbers::pi_v<long double>) +
              log_determinant + error.dot(solver.solve(error)));
  return result;
}

}  // namespace posse::testing
