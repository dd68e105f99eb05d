#include "study/experiments/principal_components.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace posse {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

PrincipalComponents principal_components(std::span<const double> rows, size_t num_members) {
  POSSE_ASSERT(num_members > 0 && rows.size() % num_members == 0);
  const auto n = static_cast<Eigen::Index>(num_members);
  const auto features = static_cast<Eigen::Index>(rows.size() / num_members);
  Matrix x = Eigen::Map<const Matrix>(rows.data(), n, features);
  const Eigen::RowVectorXd mean = x.colwise().mean();
  x.rowwise() -= mean;
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(Matrix(x * x.transpose()));
  PrincipalComponents result;
  result.num_components = static_cast<size_t>(std::min(n, features));
  result.scores.resize(num_members * result.num_components);
  const double total = std::max(0.0, solver.eigenvalues().cwiseMax(0).sum());
  const double least = total * 1e-13;  // below lies rounding alone
  for (size_t c = 0; c < result.num_components; ++c) {
    const Eigen::Index column = n - 1 - static_cast<Eigen::Index>(c);
    const double value = solver.eigenvalues()(column);
    const bool is_empty = !(value > least);
    Eigen::VectorXd u = solver.eigenvectors().col(column);
    Eigen::Index largest = 0;
    for (Eigen::Index m = 1; m < n; ++m)
      if (std::abs(u(m)) > std::abs(u(largest)) * (1 + 1e-9)) largest = m;
    if (u(largest) < 0) u = -u;
    const double size = is_empty ? 0 : std::sqrt(value);
    Eigen::RowVectorXd direction = Eigen::RowVectorXd::Zero(features);
    if (!is_empty) direction = (u.transpose() * x) / size;
    for (size_t m = 0; m < num_members; ++m)
      result.scores[m * result.num_components + c] = u(static_cast<Eigen::Index>(m)) * size;
    result.explained_ratio.push_back(is_empty ? 0 : value / total);
    result.directions.insert(result.directions.end(), direction.data(),
                             direction.data() + features);
    result.origin.push_back(-mean.dot(direction));
  }
  return result;
}

}  // namespace posse
