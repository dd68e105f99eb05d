/// Shares frames out over videos, and draws frames at random.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace posse {

/// Shares `count` seats out in proportion to the weights (method of Sainte-Lague): at least one
/// each where there are as many seats (else one each to the heaviest), at most 40 % each where that
/// fills them. Ties go to the first. Weights that are not positive count as the smallest that is.
std::vector<int> share_out(std::span<const double> weights, int count);

/// The same over groups first, then within each. @param groups  [weights] from 0
std::vector<int> share_out(std::span<const double> weights, std::span<const size_t> groups,
                           int count);

/// `count` different numbers below `population` in rising order, every set of them equally likely
/// (Floyd's algorithm). All of them where there are no more. The same for the same seed,
/// everywhere.
std::vector<uint64_t> draw_of(uint64_t population, uint64_t count, uint64_t seed);

}  // namespace posse
