#include "study/scores/distance_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace posse {

double quantile_of_sorted(std::span<const double> sorted, double p) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto before = static_cast<size_t>(place);
  if (before + 1 >= sorted.size()) return sorted.back();
  const double rest = place - static_cast<double>(before);
  return sorted[before] + rest * (sorted[before + 1] - sorted[before]);
}

double quantile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return quantile_of_sorted(values, p);
}

DistanceSummary summarise_distances(std::span<const double> distances,
                                    std::span<const double> radii) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  DistanceSummary summary{.count = distances.size(),
                          .rmse = nan,
                          .median = nan,
                          .p95 = nan,
                          .pck = std::vector<double>(radii.size(), nan)};
  if (distances.empty()) return summary;
  std::vector<double> sorted(distances.begin(), distances.end());
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(sorted.size());
  double squares = 0;
  for (const double d : sorted) squares += d * d;
  summary.rmse = std::sqrt(squares / count);
  summary.median = quantile_of_sorted(sorted, 0.5);
  summary.p95 = quantile_of_sorted(sorted, 0.95);
  for (size_t i = 0; i < radii.size(); ++i) {
    const auto within = std::upper_bound(sorted.begin(), sorted.end(), radii[i]) - sorted.begin();
    summary.pck[i] = static_cast<double>(within) / count;
  }
  return summary;
}

}  // namespace posse
