/// Helpers that every kernel uses beside the vectors of simd/floats.h.

#include <cstdint>

#include "simd/floats.h"

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

using namespace ::posse::POSSE_SIMD_NAMESPACE;  // NOLINT(google-build-using-namespace): the vectors

POSSE_ALWAYS_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
POSSE_ALWAYS_INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

POSSE_ALWAYS_INLINE Vec activate(Vec x, Activation kind) {
  switch (kind) {
    case Activation::none:
      return x;
    case Activation::relu:
      return max(x, broadcast(0.0F));
    case Activation::relu6:
      return min(max(x, broadcast(0.0F)), broadcast(6.0F));
    case Activation::swish:
      return x * logistic(x);
    case Activation::sigmoid:
      return logistic(x);
  }
  return x;
}

}  // namespace posse::cpu::POSSE_SIMD_NAMESPACE
