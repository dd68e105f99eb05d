/// The machine as the CPU backend sees it: its kernels, and the layout of maps that suits oneDNN
/// there.
#pragma once

#include <cstdint>

#include "network/backends/cpu/kernels.h"
#include "network/backends/cpu/onednn.h"

namespace posse::cpu {

struct Machine {
  const Kernels* kernels = nullptr;
  MapFormat format = MapFormat::channels_last;

  int lanes() const { return kernels->lanes; }
  /// Channels rounded up to whole vectors.
  int64_t padded(int64_t channels) const { return (channels + lanes() - 1) / lanes() * lanes(); }
  MutableMapView map(float* data, int64_t height, int64_t width, int64_t padded_channels) const;
};

/// The best this machine can do.
const Machine& this_machine();

/// With the kernels of `set`, and the layout that goes with their vectors.
/// @throws Error(unavailable) if this machine does not have them.
Machine machine_with(InstructionSet set);

}  // namespace posse::cpu
