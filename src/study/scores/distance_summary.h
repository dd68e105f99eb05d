/// Summarises distances between poses and labels.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace posse {

/// The value below which a share `p` of the values lies, interpolated linearly between the two
/// nearest; NaN without values. Source: numpy.quantile, method "linear".
/// @param sorted  ascending, without NaN. @param p  in [0, 1]
double quantile_of_sorted(std::span<const double> sorted, double p);

/// The same for values in any order.
double quantile(std::vector<double> values, double p);

/// Distances in pixels of points that have both a pose and a label.
struct DistanceSummary {
  size_t count = 0;
  double rmse = 0;          ///< sqrt(mean d^2); NaN without points
  double median = 0;        ///< NaN without points
  double p95 = 0;           ///< 95th percentile; NaN without points
  std::vector<double> pck;  ///< [radii] share of points with d <= radius; NaN without points
};

/// @param distances  without NaN, at least 0. @param radii  in pixels
DistanceSummary summarise_distances(std::span<const double> distances,
                                    std::span<const double> radii);

}  // namespace posse
