/// Numbers of several tracks side by side.
#pragma once

#include <array>
#include <cstddef>

namespace posse {

/// Tracks, or frames, that the vector kernels work on at once.
inline constexpr size_t kPackSize = 8;

/// One number of each; plain memory, which kernels load whole.
struct alignas(64) Pack {
  std::array<double, kPackSize> lane;

  double& operator[](size_t i) { return lane[i]; }
  double operator[](size_t i) const { return lane[i]; }
  static Pack all(double value) {
    Pack pack;
    pack.lane.fill(value);
    return pack;
  }
};

}  // namespace posse
