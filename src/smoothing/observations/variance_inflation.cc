#include "smoothing/observations/variance_inflation.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "cameras/symmetric_eigen.h"
#include "simd/pack.h"
#include "smoothing/observations/inflation_kernels.h"
#include "smoothing/observations/view_stack.h"

namespace posse {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

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
    const double* y = centred.row(t);
    for (Index i = 0; i < lanes; ++i) {
      const double difference = y[i] - result.mean(i);
      for (Index j = 0; j <= i; ++j) covariance(i, j) += difference * (y[j] - result.mean(j));
    }
  }
  for (Index i = 0; i < lanes; ++i) {
    for (Index j = 0; j <= i; ++j) covariance(j, i) = covariance(i, j) /= count;
  }
  constexpr int kMostIterations = 1000;
  constexpr double kLikelihoodTolerance = 0.01;
  const double constant = static_cast<double>(lanes) * std::log(2 * std::numbers::pi) +
                          static_cast<double>(num_factors);
  VectorXd noise = VectorXd::Ones(lanes);
  double previous = -std::numeric_limits<double>::infinity();
  for (int iteration = 0; iteration < kMostIterations; ++iteration) {
    const VectorXd deviation = noise.cwiseSqrt().array() + 1e-12;
    const VectorXd inverse = deviation.cwiseInverse();
    const MatrixXd scaled = covariance.cwiseProduct(inverse * inverse.transpose());
    const SymmetricEigen eigen = eigen_of_symmetric(scaled);
    double explained = 0;
    double log_explained = 0;
    for (Index j = 0; j < num_factors; ++j) {
      const double eigenvalue = eigen.values(lanes - 1 - j);
      explained += eigenvalue;
      log_explained += std::log(std::max(eigenvalue, 1e-300));
      result.loadings.col(j) = deviation.cwiseProduct(eigen.vectors.col(lanes - 1 - j)) *
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

/// The views of up to kPackSize frames, one frame per lane.
struct PackedViews {
  std::vector<Pack> observed;   ///< [lanes], less the mean
  std::vector<Pack> variances;  ///< [lanes]
  std::vector<Pack> distances;  ///< [views], squared, from what all views together predict
  std::vector<Pack> scratch;    ///< [factors * factors + factors + lanes * factors]
};

/// Multiplies the variances of the views of one frame that lie too far off. @return true if there
/// were any
bool inflate_frame(const std::vector<Pack>& distances, size_t lane, double* variances,
                   const InflationOptions& options) {
  const bool two_views = distances.size() == 2;
  bool changed = false;
  for (const Pack& distance : distances) changed = changed || distance[lane] > options.distance;
  for (size_t view = 0; changed && view < distances.size(); ++view) {
    if (!two_views && !(distances[view][lane] > options.distance)) continue;
    for (double* variance = variances + 2 * view; variance < variances + 2 * view + 2; ++variance)
      *variance = std::max(*variance, kLeastInflatedVariance) * options.factor;
  }
  return changed;
}

bool inflate_frames(const Factors& factors, const FrameArray& centred,
                    const std::vector<size_t>& frames, FrameArray& variances,
                    const InflationOptions& options) {
  const size_t lanes = centred.num_lanes();
  const auto size = static_cast<size_t>(factors.loadings.cols());
  std::vector<double> loadings;
  for (size_t i = 0; i < lanes * size; ++i)
    loadings.push_back(
        factors.loadings(static_cast<Index>(i / size), static_cast<Index>(i % size)));
  PackedViews views{.observed = std::vector<Pack>(lanes, Pack::all(0)),
                    .variances = std::vector<Pack>(lanes, Pack::all(1)),
                    .distances = std::vector<Pack>(lanes / 2),
                    .scratch = std::vector<Pack>(size * size + size + lanes * size)};
  bool changed = false;
  for (size_t begin = 0; begin < frames.size(); begin += kPackSize) {
    const size_t count = std::min(kPackSize, frames.size() - begin);
    for (size_t l = 0; l < count; ++l) {
      for (size_t i = 0; i < lanes; ++i) {
        views.observed[i][l] =
            centred.at(frames[begin + l], i) - factors.mean(static_cast<Index>(i));
        views.variances[i][l] = variances.at(frames[begin + l], i);
      }
    }
    inflation_kernels().measure_distances(loadings.data(), lanes, size, views.observed.data(),
                                          views.variances.data(), views.distances.data(),
                                          views.scratch.data());
    for (size_t l = 0; l < count; ++l)
      changed =
          inflate_frame(views.distances, l, variances.row(frames[begin + l]), options) || changed;
  }
  return changed;
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
