#define POSSE_LANES 8
#define POSSE_SIMD_NAMESPACE simd_generic
#define POSSE_ISA Isa::generic
#include "network/backends/cpu/kernels_all.inc.h"
