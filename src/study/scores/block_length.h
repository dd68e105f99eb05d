/// Computes how long the blocks of a bootstrap over time have to be.
#pragma once

#include <span>

namespace posse {

/// Mean length of the blocks of the stationary bootstrap that makes the error of the variance of
/// the mean least, chosen from the series' autocorrelations; between 1 and min(3 sqrt n, n / 3).
/// 1 for a constant series and one of fewer than ten values.
/// Source: Politis and White, Econometric Reviews 23, 2004, with the correction of Patton, Politis
/// and White, Econometric Reviews 28, 2009.
/// @param series  in the order of time
double stationary_block_length(std::span<const double> series);

}  // namespace posse
