#include "network/backends/reference/reference_kernels.h"

namespace posse::reference::POSSE_SIMD_NAMESPACE {
namespace {

void add_scaled(double x, const float* w, int64_t count, double* sums) {
  for (int64_t o = 0; o < count; ++o) sums[o] += x * static_cast<double>(w[o]);
}

}  // namespace

const Kernels kKernels = {.add_scaled = add_scaled};

}  // namespace posse::reference::POSSE_SIMD_NAMESPACE
