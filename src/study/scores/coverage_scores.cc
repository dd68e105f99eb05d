#include "study/scores/coverage_scores.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace posse {

double coverage_at(std::span<const double> pit, double p) {
  if (pit.empty()) return std::nan("");
  const auto within = std::count_if(pit.begin(), pit.end(), [&](double u) { return u <= p; });
  return static_cast<double>(within) / static_cast<double>(pit.size());
}

std::array<size_t, 10> pit_histogram(std::span<const double> pit) {
  std::array<size_t, 10> counts{};
  for (const double u : pit) {
    const double bin = std::clamp(std::floor(u * 10), 0.0, 9.0);
    ++counts.at(static_cast<size_t>(bin));
  }
  return counts;
}

CalibrationError calibration_error(std::span<const double> pit) {
  CalibrationError error;
  for (int percent = 1; percent <= 99; ++percent) {
    const double p = percent / 100.0;
    const double difference = coverage_at(pit, p) - p;
    error.mean_absolute += std::abs(difference) / 99;
    error.root_mean_square += difference * difference / 99;
  }
  error.root_mean_square = std::sqrt(error.root_mean_square);
  return error;
}

double spread_skill(std::span<const double> distances, std::span<const double> traces) {
  POSSE_ASSERT(distances.size() == traces.size());
  double squares = 0, variance = 0;
  for (size_t i = 0; i < distances.size(); ++i) {
    squares += distances[i] * distances[i];
    variance += traces[i];
  }
  return distances.empty() ? std::nan("") : std::sqrt(squares / variance);
}

}  // namespace posse
