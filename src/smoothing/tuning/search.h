/// Searches for the smoothing parameter, many blocks at once: a grid, then Brent's method.
///
/// All blocks of keypoints are searched in step, because one pass over the frames evaluates a
/// candidate for each block.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace posse {

/// The searched interval of log s.
inline constexpr double kLeastLogS = -8.0;
inline constexpr double kMostLogS = 8.0;

/// Values of the objective, one per block, at one candidate log s per block.
using BlockObjective = std::function<std::vector<double>(std::span<const double> log_s)>;

/// Where a search ended.
struct Minimum {
  double log_s = 0;
  double value = 0;    ///< of the objective at log_s
  int num_rounds = 0;  ///< evaluations (exact) or steps (eks) it took
};

/// Global minimum in [kLeastLogS, kMostLogS]: 33 grid points, then Brent's method around the lowest
/// of them until the place is known to 1e-7 or the values no longer differ by more than rounding.
/// Source: R. P. Brent, Algorithms for Minimization without Derivatives, 1973, chapter 5.
std::vector<Minimum> minimise_exactly(size_t num_blocks, const BlockObjective& objective);

/// The search of eks 4.6.2: Adam with unit step on log s and a coarse stopping rule. It ends one
/// step past the last value it looked at, typically 1 to 10 % from the minimum; for matching old
/// results only.
/// @param initial_log_s  one per block.
std::vector<Minimum> minimise_as_eks(std::span<const double> initial_log_s,
                                     const BlockObjective& objective);

}  // namespace posse
