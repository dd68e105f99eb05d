#define POSSE_LANES 16
#define POSSE_SIMD_NAMESPACE simd_avx512
#define POSSE_ISA Isa::avx512
#include "network/backends/cpu/kernels_all.inc.h"
