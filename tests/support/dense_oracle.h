/// Test oracle: a linear Gaussian state-space model written as one big Gaussian and conditioned by
/// plain linear algebra.
///
/// Shares no formula with the filters: no recursion over observations, no gain, no smoother. In
/// long double, for short tracks only (cubic in the number of observations).
#pragma once

#include <Eigen/Core>
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
DensePosterior condition(const DenseModel& model, const Eigen::MatrixXd& y,
                         const Eigen::MatrixXd& r);

}  // namespace posse::testing
