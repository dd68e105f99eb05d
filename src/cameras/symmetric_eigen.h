/// Eigenvalues, eigenvectors and factors of small symmetric matrices.
#pragma once

#include <Eigen/Core>

namespace posse {

struct SymmetricEigen {
  Eigen::VectorXd values;   ///< ascending
  Eigen::MatrixXd vectors;  ///< orthonormal columns
};

/// The lower triangle is read.
SymmetricEigen eigen_of_symmetric(const Eigen::MatrixXd& symmetric);

/// F with F F' = symmetric, also where that is singular; negative eigenvalues, which rounding
/// makes, count as 0.
Eigen::MatrixXd symmetric_factor(const Eigen::MatrixXd& symmetric);

}  // namespace posse
