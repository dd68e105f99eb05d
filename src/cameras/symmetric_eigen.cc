#include "cameras/symmetric_eigen.h"

#include <Eigen/Eigenvalues>

namespace posse {

SymmetricEigen eigen_of_symmetric(const Eigen::MatrixXd& symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  return {.values = solver.eigenvalues(), .vectors = solver.eigenvectors()};
}

Eigen::MatrixXd symmetric_factor(const Eigen::MatrixXd& symmetric) {
  SymmetricEigen eigen = eigen_of_symmetric(symmetric);
  for (Eigen::Index i = 0; i < eigen.values.size(); ++i)
    eigen.vectors.col(i) *= std::sqrt(std::max(eigen.values(i), 0.0));
  return eigen.vectors;
}

}  // namespace posse
