#include "smoothing/state_space.h"

#include <Eigen/Eigenvalues>

namespace posse {

Eigen::MatrixXd symmetric_factor(const Eigen::MatrixXd& symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  return solver.eigenvectors() * solver.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
}

}  // namespace posse
