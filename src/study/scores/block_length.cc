#include "study/scores/block_length.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace posse {
namespace {

/// Autocovariances at lags 0 to `last`, all divided by n.
std::vector<double> autocovariances(std::span<const double> series, size_t last) {
  const auto count = static_cast<double>(series.size());
  double mean = 0;
  for (const double value : series) mean += value / count;
  std::vector<double> covariances;
  for (size_t lag = 0; lag <= last; ++lag) {
    double sum = 0;
    for (size_t i = lag; i < series.size(); ++i)
      sum += (series[i] - mean) * (series[i - lag] - mean);
    covariances.push_back(sum / count);
  }
  return covariances;
}

/// The lag after which `row` autocorrelations in sequence are within chance; where there is no such
/// sequence the last lag that is not.
size_t last_telling_lag(std::span<const double> covariances, size_t row, double chance) {
  size_t last = 0;
  for (size_t lag = 1; lag < covariances.size(); ++lag) {
    if (std::abs(covariances[lag]) >= chance * covariances[0]) last = lag;
    if (lag - last == row) break;
  }
  return std::max<size_t>(last, 1);
}

}  // namespace

double stationary_block_length(std::span<const double> series) {
  const auto [least, most_value] = std::minmax_element(series.begin(), series.end());
  if (series.size() < 10 || *least == *most_value) return 1;
  const auto n = static_cast<double>(series.size());
  const auto row = std::max<size_t>(5, static_cast<size_t>(std::log10(n)));
  const size_t most_lag =
      std::min(static_cast<size_t>(std::ceil(std::sqrt(n))) + row, series.size() - 1);
  const std::vector<double> covariances = autocovariances(series, most_lag);
  const double chance = 2 * std::sqrt(std::log10(n) / n);
  const size_t lags = std::min(2 * last_telling_lag(covariances, row, chance), most_lag);
  double slope = 0, spectrum = covariances[0];  // g and g(0) of the paper
  for (size_t lag = 1; lag <= lags; ++lag) {
    const double part = static_cast<double>(lag) / static_cast<double>(lags);
    const double weight = part <= 0.5 ? 1 : 2 * (1 - part);
    slope += 2 * weight * static_cast<double>(lag) * covariances[lag];
    spectrum += 2 * weight * covariances[lag];
  }
  const double most = std::ceil(std::min(3 * std::sqrt(n), n / 3));
  if (!(spectrum > 0)) return most;
  const double length = std::cbrt(slope * slope / (spectrum * spectrum) * n);
  return std::clamp(length, 1.0, most);
}

}  // namespace posse
