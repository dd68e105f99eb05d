// All kernels of one instruction set and their table; see simd.inc.h for what to define before.

#include "network/backends/cpu/depthwise_chunk.h"
#include "network/backends/cpu/kernels.h"

// In this order: each uses what comes before.
// clang-format off
#include "network/backends/cpu/simd.inc.h"
#include "network/backends/cpu/kernels_pointwise.inc.h"
#include "network/backends/cpu/kernels_depthwise.inc.h"
#include "network/backends/cpu/kernels_matrix.inc.h"
#include "network/backends/cpu/kernels_winograd.inc.h"
#include "network/backends/cpu/kernels_peak.inc.h"
// clang-format on

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

const Kernels& kernels() {
  static constexpr Kernels table = {.isa = POSSE_ISA,
                                    .lanes = kLanes,
                                    .gemm_columns = kPanel,
                                    .preprocess = preprocess,
                                    .pointwise = pointwise,
                                    .statistics = statistics,
                                    .depthwise = depthwise,
                                    .winograd = winograd,
                                    .matrix = matrix,
                                    .max_pool = max_pool,
                                    .global_mean = global_mean,
                                    .fma_burst = fma_burst};
  return table;
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
