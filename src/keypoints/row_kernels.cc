#include "keypoints/row_kernels.h"

#include <vector>

namespace posse {

extern const RowKernels kBaselineRowKernels;
#if defined(POSSE_X86_KERNELS)
extern const RowKernels kAvx2RowKernels;
extern const RowKernels kAvx512RowKernels;
#endif

std::span<const RowKernels* const> available_row_kernels() {
  static const std::vector<const RowKernels*> kernels = [] {
    std::vector<const RowKernels*> found;
#if defined(POSSE_X86_KERNELS)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
      found.push_back(&kAvx512RowKernels);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      found.push_back(&kAvx2RowKernels);
    }
#endif
    found.push_back(&kBaselineRowKernels);
    return found;
  }();
  return kernels;
}

const RowKernels& best_row_kernels() { return *available_row_kernels().front(); }

}  // namespace posse
