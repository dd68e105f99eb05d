#include "support/dense_oracle.h"

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

namespace posse::testing {

DensePosterior condition(const DenseModel& model, const Eigen::MatrixXd& y,
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
