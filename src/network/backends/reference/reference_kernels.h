/// Inner loops of the reference backend, per instruction set: the same bits on each.
#pragma once

#include <cstdint>

#include "simd/instruction_set.h"

namespace posse::reference {

struct Kernels {
  /// sums[o] += x * w[o] for o in [0, count); products and sums are rounded one after the other.
  void (*add_scaled)(double x, const float* w, int64_t count, double* sums);
};

POSSE_KERNEL_TABLE(Kernels, kKernels, kernels)

}  // namespace posse::reference
