#include "smoothing/variance_inflation.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "smoothing/view_stack.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLeastVariance =
    1e-6;  // px^2, within this step; also added to variances in the weights

struct Factors {
  MatrixXd loadings;  // [lanes, factors]
  VectorXd mean;      // [lanes]
};

/// Frames without a gap whose largest variance lies below the percentile; at or below it where none
/// lies below.
std::vector<size_t> rows_for_fit(const FrameArray& variances, const std::vector<size_t>& complete,
                                 double quantile) {
  std::vector<double> worst;
  for (const size_t t : complete) {
    worst.push_back(*std::max_element(variances.row(t), variances.row(t) + variances.num_lanes()));
  }
  const double threshold = percentile(worst, quantile);
  std::vector<size_t> below;
  std::vector<size_t> at_most;
  for (size_t i = 0; i < complete.size(); ++i) {
    if (worst[i] < threshold) below.push_back(complete[i]);
    if (worst[i] <= threshold) at_most.push_back(complete[i]);
  }
  return below.size() >= 2 ? below : at_most;
}

/// Maximum-likelihood factor analysis of the rows' covariance; columns without variance of their
/// own are dropped.
Factors fit_factors(const FrameArray& centred, const std::vector<size_t>& rows, Index num_factors) {
  const auto lanes = static_cast<Index>(centred.num_lanes());
  const auto count = static_cast<double>(rows.size());
  Factors result{.loadings = MatrixXd(lanes, num_factors), .mean = VectorXd::Zero(lanes)};
  for (const size_t t : rows) result.mean += Eigen::Map<const VectorXd>(centred.row(t), lanes);
  result.mean /= count;
  MatrixXd covariance = MatrixXd::Zero(lanes, lanes);
  for (const size_t t : rows) {
    const VectorXd difference = Eigen::Map<const VectorXd>(centred.row(t), lanes) - result.mean;
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(difference);
  }
  covariance = MatrixXd(covariance.selfadjointView<Eigen::Lower>()) / count;
  constexpr int kMostIterations = 1000;
  constexpr double kLikelihoodTolerance = 0.01;
  const double constant = static_cast<double>(lanes) * std::log(2 * std::numbers::pi) +
                          static_cast<double>(num_factors);
  VectorXd noise = VectorXd::Ones(lanes);
  double previous = -std::numeric_limits<double>::infinity();
  for (int iteration = 0; iteration < kMostIterations; ++iteration) {
    const VectorXd deviation = noise.cwiseSqrt().array() + 1e-12;
    const VectorXd inverse = deviation.cwiseInverse();
    const MatrixXd scaled = inverse.asDiagonal() * covariance * inverse.asDiagonal();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(scaled);  // eigenvalues ascend
    double explained = 0;
    double log_explained = 0;
    for (Index j = 0; j < num_factors; ++j) {
      const double eigenvalue = solver.eigenvalues()(lanes - 1 - j);
      explained += eigenvalue;
      log_explained += std::log(std::max(eigenvalue, 1e-300));
      result.loadings.col(j) = deviation.cwiseProduct(solver.eigenvectors().col(lanes - 1 - j)) *
                               std::sqrt(std::max(eigenvalue - 1, 0.0));
    }
    const double likelihood =
        -count / 2 *
        (constant + log_explained + (scaled.trace() - explained) + noise.array().log().sum());
    if (likelihood - previous < kLikelihoodTolerance) break;
    previous = likelihood;
    noise = (covariance.diagonal() - result.loadings.rowwise().squaredNorm()).cwiseMax(1e-12);
  }
  Index used = 0;
  for (Index j = 0; j < num_factors; ++j) {
    if (result.loadings.col(j).squaredNorm() > 0)
      result.loadings.col(used++) = result.loadings.col(j);
  }
  result.loadings.conservativeResize(lanes, used);
  return result;
}

/// Distances of one frame's views from the others' prediction. N factors, known to the compiler
/// where it matters.
template <int N>
class ViewDistances {
 public:
  explicit ViewDistances(const Factors& factors)
      : loadings_(factors.loadings), mean_(factors.mean), residual_(mean_.size()) {}

  /// @return true if a variance of `variances` was multiplied.
  bool inflate(const double* observed, double* variances, const InflationOptions& options) {
    const Index factors = loadings_.cols();
    Eigen::Matrix<double, N, N> information = Eigen::Matrix<double, N, N>::Zero(factors, factors);
    Eigen::Matrix<double, N, 1> weighted = Eigen::Matrix<double, N, 1>::Zero(factors);
    for (Index i = 0; i < mean_.size(); ++i) {
      const double weight = 1 / (std::max(variances[i], kLeastVariance) + kLeastVariance);
      const Eigen::Matrix<double, 1, N> row = loadings_.row(i);
      information += row.transpose() * (weight * row);
      weighted += row.transpose() * (weight * (observed[i] - mean_(i)));
    }
    const Eigen::Matrix<double, N, N> spread =
        information.ldlt().solve(Eigen::Matrix<double, N, N>::Identity(factors, factors));
    residual_.noalias() = -loadings_ * (spread * weighted);
    for (Index i = 0; i < mean_.size(); ++i) residual_(i) += observed[i] - mean_(i);
    const bool two_views = mean_.size() == 4;
    bool changed = false;
    for (Index i = 0; i < mean_.size(); i += 2) {
      if (!(distance(i, spread, variances) > options.distance)) continue;
      changed = true;
      if (!two_views) scale_view(i, variances, options.factor);
    }
    for (Index i = 0; changed && two_views && i < 4; i += 2)
      scale_view(i, variances, options.factor);
    return changed;
  }

 private:
  /// Squared Mahalanobis distance of the view whose coordinates are lanes i and i + 1.
  double distance(Index i, const Eigen::Matrix<double, N, N>& spread,
                  const double* variances) const {
    const Eigen::Matrix<double, 2, N> rows = loadings_.template middleRows<2>(i);
    Eigen::Matrix2d total = rows * spread * rows.transpose();
    total(0, 0) += std::max(variances[i], kLeastVariance);
    total(1, 1) += std::max(variances[i + 1], kLeastVariance);
    const double a = residual_(i);
    const double b = residual_(i + 1);
    const double determinant = total(0, 0) * total(1, 1) - total(0, 1) * total(1, 0);
    return (a * a * total(1, 1) - a * b * (total(0, 1) + total(1, 0)) + b * b * total(0, 0)) /
           determinant;
  }

  static void scale_view(Index i, double* variances, double factor) {
    for (Index axis = i; axis < i + 2; ++axis)
      variances[axis] = std::max(variances[axis], kLeastVariance) * factor;
  }

  Eigen::Matrix<double, Eigen::Dynamic, N, N == 1 ? Eigen::ColMajor : Eigen::RowMajor> loadings_;
  VectorXd mean_;
  VectorXd residual_;
};

template <int N>
bool inflate_frames(const Factors& factors, const FrameArray& centred,
                    const std::vector<size_t>& frames, FrameArray& variances,
                    const InflationOptions& options) {
  ViewDistances<N> views(factors);
  bool changed = false;
  for (const size_t t : frames)
    changed = views.inflate(centred.row(t), variances.row(t), options) || changed;
  return changed;
}

bool inflate_frames(const Factors& factors, const FrameArray& centred,
                    const std::vector<size_t>& frames, FrameArray& variances,
                    const InflationOptions& options) {
  switch (factors.loadings.cols()) {
    case 1:
      return inflate_frames<1>(factors, centred, frames, variances, options);
    case 2:
      return inflate_frames<2>(factors, centred, frames, variances, options);
    case 3:
      return inflate_frames<3>(factors, centred, frames, variances, options);
    default:
      return inflate_frames<Eigen::Dynamic>(factors, centred, frames, variances, options);
  }
}

}  // namespace

void InflationOptions::validate() const {
  if (!(distance > 0)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("inflation distance must be positive, got {}", distance));
  }
  if (!(factor > 1)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("inflation factor must be above 1, got {}", factor));
  }
  if (!(quantile > 0 && quantile <= 100)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("inflation quantile must lie in (0, 100], got {}", quantile));
  }
  if (most_rounds < 1) throw Error(ErrorKind::invalid_value, "inflation needs at least one round");
}

InflationReport inflate_variances(const FrameArray& centred, FrameArray& variances, int num_latent,
                                  const InflationOptions& options) {
  options.validate();
  InflationReport report;
  std::vector<size_t> complete;
  for (size_t t = 0; t < centred.num_frames(); ++t) {
    const bool gap = std::any_of(centred.row(t), centred.row(t) + centred.num_lanes(),
                                 [](double y) { return std::isnan(y); });
    if (!gap) complete.push_back(t);
  }
  if (!options.enabled || centred.num_lanes() < 4 || complete.size() < 2) return report;
  const FrameArray original = variances;
  const auto num_factors = std::min<Index>(num_latent, static_cast<Index>(centred.num_lanes()));
  while (report.num_rounds < options.most_rounds) {
    const auto rows = rows_for_fit(variances, complete, options.quantile);
    const Factors factors = fit_factors(centred, rows, num_factors);
    if (!inflate_frames(factors, centred, complete, variances, options)) break;
    ++report.num_rounds;
  }
  size_t num_inflated = 0;
  for (size_t i = 0; i < variances.values().size(); ++i)
    num_inflated += variances.values()[i] != original.values()[i];
  report.share_inflated =
      static_cast<double>(num_inflated) / static_cast<double>(variances.values().size());
  return report;
}

}  // namespace posse
