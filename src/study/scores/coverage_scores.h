/// Scores whether stated regions hold what they promise, over many points.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace posse {

/// Shares of the regions that are reported: 50, 80, 90 and 95 %.
inline constexpr std::array<double, 4> kRegionShares = {0.5, 0.8, 0.9, 0.95};

/// Share of points whose PIT is at most `p`: the coverage of the region that promises p. NaN
/// without points.
double coverage_at(std::span<const double> pit, double p);

/// Counts of PIT values in ten equal bins of [0, 1].
std::array<size_t, 10> pit_histogram(std::span<const double> pit);

/// Differences between coverage and promise over p = 0.01, 0.02 ... 0.99.
struct CalibrationError {
  double mean_absolute = 0;     ///< NaN without points
  double root_mean_square = 0;  ///< NaN without points
};
/// Source: mean_absolute_calibration_error and root_mean_squared_calibration_error of
/// uncertainty-toolbox, with 99 shares.
CalibrationError calibration_error(std::span<const double> pit);

/// sqrt(mean d^2) / sqrt(mean trace): 1 where the spread is as large as the error, above where it
/// is too small. NaN without points.
double spread_skill(std::span<const double> distances, std::span<const double> traces);

}  // namespace posse
