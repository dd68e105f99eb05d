#include "smoothing/observations/incomplete_views.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <vector>

#include "cameras/symmetric_eigen.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Rows to iterate on; the rest, of long videos, only gets scores.
constexpr Index kMostRows = 4000;
constexpr int kMostRounds = 500;
constexpr double kConverged = 1e-9;    // change of the predictions, squared, as a share
constexpr double kLeastNoise = 1e-10;  // of the mean variance of a lane
constexpr double kLeastAxis = 1e-10;   // of the widest axis's variance

struct LatentModel {
  MatrixXd loadings;  // [lanes, axes]
  VectorXd mean;      // [lanes]
  double noise = 1;   // variance
};

struct Expectation {
  VectorXd mean;               // [axes]
  MatrixXd precision_inverse;  // noise x this is the covariance
};

Expectation expect(const LatentModel& model, const Eigen::Ref<const VectorXd>& row) {
  const Index axes = model.loadings.cols();
  MatrixXd precision = model.noise * MatrixXd::Identity(axes, axes);
  VectorXd projected = VectorXd::Zero(axes);
  for (Index i = 0; i < row.size(); ++i) {
    if (std::isnan(row(i))) continue;
    const VectorXd loading = model.loadings.row(i);
    precision += loading * loading.transpose();
    projected += loading * (row(i) - model.mean(i));
  }
  const Eigen::LLT<MatrixXd> factor(precision);
  return {.mean = factor.solve(projected),
          .precision_inverse = factor.solve(MatrixXd::Identity(axes, axes))};
}

/// Means, and covariances of each pair of lanes over the rows that have both.
LatentModel first_model(const MatrixXd& rows, Index num_axes) {
  const Index lanes = rows.cols();
  LatentModel model{.loadings = {}, .mean = VectorXd::Zero(lanes), .noise = 1};
  for (Index i = 0; i < lanes; ++i) {
    double count = 0;
    for (Index r = 0; r < rows.rows(); ++r) {
      if (std::isnan(rows(r, i))) continue;
      model.mean(i) += rows(r, i);
      ++count;
    }
    model.mean(i) /= std::max(1.0, count);
  }
  MatrixXd covariance = MatrixXd::Zero(lanes, lanes);
  for (Index i = 0; i < lanes; ++i) {
    for (Index j = 0; j <= i; ++j) {
      double sum = 0;
      double count = 0;
      for (Index r = 0; r < rows.rows(); ++r) {
        const double product = (rows(r, i) - model.mean(i)) * (rows(r, j) - model.mean(j));
        if (std::isnan(product)) continue;
        sum += product;
        ++count;
      }
      covariance(i, j) = covariance(j, i) = sum / std::max(1.0, count);
    }
  }
  const SymmetricEigen eigen = eigen_of_symmetric(covariance);
  const double least = 1e-3 * std::max(covariance.trace() / static_cast<double>(lanes), 1e-300);
  model.loadings = eigen.vectors.rowwise().reverse().leftCols(num_axes);
  for (Index a = 0; a < num_axes; ++a)
    model.loadings.col(a) *= std::sqrt(std::max(eigen.values(lanes - 1 - a), least));
  model.noise = std::max(least, eigen.values.head(lanes - num_axes).cwiseMax(0.0).mean());
  return model;
}

/// One round; gives how far predictions of the entries that are there moved, as a share.
double improve(const MatrixXd& rows, LatentModel& model) {
  const Index axes = model.loadings.cols();
  const Index lanes = rows.cols();
  // For each lane, a regression on (latent, 1) over the rows that have it.
  std::vector<MatrixXd> moments(static_cast<size_t>(lanes), MatrixXd::Zero(axes + 1, axes + 1));
  MatrixXd products = MatrixXd::Zero(lanes, axes + 1);
  VectorXd squares = VectorXd::Zero(lanes);
  MatrixXd second = MatrixXd::Zero(axes + 1, axes + 1);
  VectorXd extended(axes + 1);
  for (Index r = 0; r < rows.rows(); ++r) {
    const Expectation latent = expect(model, rows.row(r).transpose());
    extended << latent.mean, 1;
    second.noalias() = extended * extended.transpose();
    second.topLeftCorner(axes, axes) += model.noise * latent.precision_inverse;
    for (Index i = 0; i < lanes; ++i) {
      if (std::isnan(rows(r, i))) continue;
      moments[static_cast<size_t>(i)] += second;
      products.row(i) += rows(r, i) * extended.transpose();
      squares(i) += rows(r, i) * rows(r, i);
    }
  }
  double residual = 0;
  double entries = 0;
  double moved = 0;
  double extent = 0;
  for (Index i = 0; i < lanes; ++i) {
    const MatrixXd& moment = moments[static_cast<size_t>(i)];
    const double count = moment(axes, axes);
    VectorXd before(axes + 1);
    before << model.loadings.row(i).transpose(), model.mean(i);
    const VectorXd after = moment.ldlt().solve(products.row(i).transpose());
    if (!after.allFinite()) continue;
    const VectorXd change = after - before;
    moved += change.dot(moment * change);
    extent += std::max(0.0, squares(i) - count * model.mean(i) * model.mean(i));
    residual += squares(i) - 2 * after.dot(products.row(i)) + after.dot(moment * after);
    entries += count;
    model.loadings.row(i) = after.head(axes).transpose();
    model.mean(i) = after(axes);
  }
  const double least = kLeastNoise * extent / std::max(1.0, entries);
  model.noise = std::max({residual / std::max(1.0, entries), least, 1e-300});
  return extent > 0 ? moved / extent : 0;
}

}  // namespace

IncompleteFit fit_incomplete_rows(const MatrixXd& rows, Index num_axes) {
  const Index step = std::max<Index>(1, (rows.rows() + kMostRows - 1) / kMostRows);
  MatrixXd some((rows.rows() + step - 1) / step, rows.cols());
  for (Index r = 0; r < some.rows(); ++r) some.row(r) = rows.row(r * step);
  LatentModel model = first_model(some, num_axes);
  for (int round = 0; round < kMostRounds && improve(some, model) > kConverged; ++round) {
  }
  const SymmetricEigen eigen = eigen_of_symmetric(model.loadings.transpose() * model.loadings);
  const double widest = eigen.values(num_axes - 1);
  Index kept = 1;
  while (kept < num_axes && eigen.values(num_axes - 1 - kept) > kLeastAxis * widest) ++kept;
  const MatrixXd turn = eigen.vectors.rowwise().reverse().leftCols(kept);
  const VectorXd width = eigen.values.reverse().head(kept).cwiseMax(1e-300).cwiseSqrt();
  IncompleteFit fit{.axes = model.loadings * turn, .mean = model.mean, .scores = {}};
  for (Index a = 0; a < kept; ++a) fit.axes.col(a) /= width(a);
  fit.scores.resize(rows.rows(), kept);
  for (Index r = 0; r < rows.rows(); ++r) {
    const VectorXd latent = expect(model, rows.row(r).transpose()).mean;
    fit.scores.row(r) = (turn.transpose() * latent).cwiseProduct(width).transpose();
  }
  return fit;
}

}  // namespace posse
