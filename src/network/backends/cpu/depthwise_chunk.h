/// Chooses how many channels the depthwise kernel works on at a time.
#pragma once

#include <cstdint>

namespace posse::cpu {

/// Vectors of channels whose ring of padded rows takes at most a quarter of a small second-level
/// cache (256 KiB to 2 MiB on current machines); at least one. `static`: no copy of it compiled for
/// one instruction set may serve another.
[[maybe_unused]] static constexpr int64_t depthwise_chunk_vectors(int64_t padded_width,
                                                                  int64_t rows, int64_t vectors,
                                                                  int lanes) {
  constexpr int64_t kBudgetFloats = 48 * 1024;
  const int64_t fit = kBudgetFloats / (padded_width * rows * lanes);
  return fit < 1 ? 1 : fit > vectors ? vectors : fit;
}

}  // namespace posse::cpu
