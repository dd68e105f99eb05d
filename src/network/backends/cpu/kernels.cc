#include "network/backends/cpu/kernels.h"

#include "network/backends/cpu/depthwise_chunk.h"
#include "network/backends/cpu/kernel_scratch.h"

// In this order: each uses what comes before.
// clang-format off
#include "network/backends/cpu/kernels_common.inc.h"
#include "network/backends/cpu/kernels_pointwise.inc.h"
#include "network/backends/cpu/kernels_depthwise.inc.h"
#include "network/backends/cpu/kernels_matrix.inc.h"
#include "network/backends/cpu/kernels_winograd.inc.h"
#include "network/backends/cpu/kernels_peak.inc.h"
// clang-format on

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

const Kernels kKernels = {.set = InstructionSet::POSSE_SIMD_NAMESPACE,
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

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
