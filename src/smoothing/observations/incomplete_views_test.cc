#include "smoothing/observations/incomplete_views.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <limits>
#include <random>

#include "support/shared_data.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd normal_matrix(Index rows, Index cols, std::mt19937& random) {
  std::normal_distribution<double> normal;
  MatrixXd matrix(rows, cols);
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < cols; ++c) matrix(r, c) = normal(random);
  }
  return matrix;
}

/// Points of a subspace of three axes in eight lanes, seen by four views of two lanes.
MatrixXd exact_rows(Index num_rows, std::mt19937& random) {
  MatrixXd rows = 5 * normal_matrix(num_rows, 3, random) * normal_matrix(3, 8, random);
  rows.rowwise() += 40 * normal_matrix(1, 8, random).row(0);
  return rows;
}

MatrixXd predicted(const IncompleteFit& fit) {
  MatrixXd rows = fit.scores * fit.axes.transpose();
  rows.rowwise() += fit.mean.transpose();
  return rows;
}

TEST(IncompleteViews, OfCompleteRowsAreTheirPrincipalComponents) {
  std::mt19937 random(testing::seed_of_this_test());
  MatrixXd rows = exact_rows(200, random) + 0.3 * normal_matrix(200, 8, random);
  const IncompleteFit fit = fit_incomplete_rows(rows, 3);
  const MatrixXd centred = rows.rowwise() - rows.colwise().mean();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(centred.transpose() * centred);
  const MatrixXd principal = solver.eigenvectors().rightCols(3);
  const double difference =
      (fit.axes * fit.axes.transpose() - principal * principal.transpose()).cwiseAbs().maxCoeff();
  EXPECT_LT(difference, 1e-3);  // rounds end when predictions move by less than 1e-9, squared
  EXPECT_LT((fit.mean - rows.colwise().mean().transpose()).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_LT((fit.axes.transpose() * fit.axes - MatrixXd::Identity(3, 3)).norm(), 1e-9);
}

// Three of eight lanes decide a row; each row lacks one view of two lanes.
TEST(IncompleteViews, FindEntriesThatAreMissingFromASubspace) {
  std::mt19937 random(testing::seed_of_this_test());
  const MatrixXd rows = exact_rows(120, random);
  MatrixXd seen = rows;
  for (Index r = 0; r < rows.rows(); ++r)
    seen.row(r).segment(2 * (r % 4), 2).setConstant(std::numeric_limits<double>::quiet_NaN());
  const IncompleteFit fit = fit_incomplete_rows(seen, 3);
  // lanes spread by some 8 px
  EXPECT_LT((predicted(fit) - rows).cwiseAbs().maxCoeff(), 0.05);
}

TEST(IncompleteViews, OfRowsThatSpanLessHaveFewerAxes) {
  MatrixXd rows(50, 4);
  for (int r = 0; r < 50; ++r) rows.row(r) << 1.0 * r, 2.0 * r, 5, 7;
  rows(3, 1) = rows(9, 0) = std::numeric_limits<double>::quiet_NaN();
  const IncompleteFit fit = fit_incomplete_rows(rows, 3);
  EXPECT_TRUE(fit.axes.allFinite());
  EXPECT_TRUE(fit.scores.allFinite());
  rows.setConstant(3);
  EXPECT_TRUE(predicted(fit_incomplete_rows(rows, 2)).isApproxToConstant(3, 1e-6));
}

}  // namespace
}  // namespace posse
