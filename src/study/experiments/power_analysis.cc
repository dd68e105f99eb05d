#include "study/experiments/power_analysis.h"

#include <algorithm>
#include <cmath>

namespace posse {
namespace {

const double kNaN = std::nan("");

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

/// Where the increasing `function` is 0, within [low, high].
template <class Function>
double root_of(const Function& function, double low, double high) {
  for (int i = 0; i < 200 && high - low > 1e-13 * std::max(1.0, std::abs(high)); ++i) {
    const double middle = (low + high) / 2;
    (function(middle) < 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double chance_of_outlier(size_t total, size_t outliers, size_t drawn) {
  if (outliers > total || drawn > total) return kNaN;
  if (drawn > total - outliers) return 1;
  const auto n = static_cast<double>(total), k = static_cast<double>(drawn);
  return 1 - std::exp(log_choose(n - static_cast<double>(outliers), k) - log_choose(n, k));
}

double glass_delta(std::span<const double> first, std::span<const double> second) {
  if (first.empty() || second.empty()) return kNaN;
  const auto mean = [](std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  const double mean_first = mean(first);
  double squares = 0;
  for (const double value : first) squares += (value - mean_first) * (value - mean_first);
  return std::abs(mean(second) - mean_first) /
         std::sqrt(squares / static_cast<double>(first.size()));
}

double noncentral_t_cdf(double t, double freedom, double shift) {
  // Simpson's rule over u = sqrt(chi2 / freedom) on the logarithmic scale, where its density is
  // smooth and all but 1e-16 of it lies within the bounds.
  const double log_scale =
      std::log(2.0) + freedom / 2 * std::log(freedom / 2) - std::lgamma(freedom / 2);
  const double width = 9 / std::sqrt(freedom);
  const double low = -std::min(40.0, 8 * width + 40 / freedom), high = std::log1p(2 * width);
  constexpr int kSteps = 4000;
  const double step = (high - low) / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double v = low + step * i, u = std::exp(v);
    const double density = std::exp(log_scale + freedom * v - freedom * u * u / 2);
    const double weight = i == 0 || i == kSteps ? 1 : (i % 2 == 1 ? 4 : 2);
    sum += weight * density * normal_cdf(t * u - shift);
  }
  return sum * step / 3;
}

double t_test_power(double effect, double n1, double n2, double alpha) {
  const double freedom = n1 + n2 - 2;
  if (!(freedom > 0) || !std::isfinite(effect)) return kNaN;
  const double critical =
      root_of([&](double t) { return noncentral_t_cdf(t, freedom, 0) - (1 - alpha / 2); }, 0, 1e4);
  const double shift = effect * std::sqrt(n1 * n2 / (n1 + n2));
  return 1 - noncentral_t_cdf(critical, freedom, shift) +
         noncentral_t_cdf(-critical, freedom, shift);
}

double t_test_size(double effect, double ratio, double alpha, double power) {
  if (!std::isfinite(effect) || effect == 0 || !std::isfinite(ratio) || !(ratio > 0)) return kNaN;
  const auto missing = [&](double n1) {
    return t_test_power(effect, n1, ratio * n1, alpha) - power;
  };
  double low = std::max(1.0, 2.5 / (1 + ratio)), high = low;
  while (missing(high) < 0) {
    low = high;
    high *= 2;
    if (high > 1e7) return kNaN;
  }
  for (int i = 0; i < 60 && high - low > 1e-9 * high; ++i) {
    const double middle = (low + high) / 2;
    (missing(middle) < 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace posse
