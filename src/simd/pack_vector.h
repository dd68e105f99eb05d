/// Pack as the compiler's vector type, for use inside kernels (simd/instruction_set.h).
///
/// Everything here must be inlined into the kernel, so that it is compiled for the
/// kernel's instructions.
#pragma once

#include <cmath>

#include "simd/always_inline.h"
#include "simd/pack.h"

namespace posse {

/// Eight doubles with the usual operators; comparisons give masks for ?:.
using Vector = double __attribute__((vector_size(64), may_alias));
static_assert(sizeof(Vector) == sizeof(Pack));

POSSE_ALWAYS_INLINE Vector& vec(Pack& pack) { return reinterpret_cast<Vector&>(pack); }
POSSE_ALWAYS_INLINE const Vector& vec(const Pack& pack) {
  return reinterpret_cast<const Vector&>(pack);
}

/// root = sqrt(of), which must not be negative.
POSSE_ALWAYS_INLINE void square_root(const Vector& of, Vector& root) {
  Pack pack;
  vec(pack) = of;
  for (size_t i = 0; i < kPackSize; ++i) pack[i] = std::sqrt(pack[i]);
  root = vec(pack);
}

}  // namespace posse
