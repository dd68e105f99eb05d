#define POSSE_LANES 8
#define POSSE_SIMD_NAMESPACE simd_avx2
#define POSSE_ISA Isa::avx2
#include "network/backends/cpu/kernels_all.inc.h"
