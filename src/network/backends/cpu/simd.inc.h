// The vector type of one instruction set. Included by kernels_<set>.cc after POSSE_LANES and
// POSSE_SIMD_NAMESPACE are defined; everything lives in that namespace, so that no function
// compiled for one set is ever linked in place of another's. For the same reason no code included
// from here calls an inline function of the standard library.

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cstdint>

#define POSSE_INLINE inline __attribute__((always_inline))
#define POSSE_LAMBDA_INLINE __attribute__((always_inline))

namespace posse::cpu::POSSE_SIMD_NAMESPACE {

constexpr int kLanes = POSSE_LANES;

#if POSSE_LANES == 16
using Vec = __m512;
POSSE_INLINE Vec load(const float* p) { return _mm512_loadu_ps(p); }
POSSE_INLINE void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
POSSE_INLINE Vec broadcast(float x) { return _mm512_set1_ps(x); }
POSSE_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
POSSE_INLINE Vec fnma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }
POSSE_INLINE Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
POSSE_INLINE Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
#elif defined(__AVX2__)
using Vec = __m256;
POSSE_INLINE Vec load(const float* p) { return _mm256_loadu_ps(p); }
POSSE_INLINE void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
POSSE_INLINE Vec broadcast(float x) { return _mm256_set1_ps(x); }
POSSE_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
POSSE_INLINE Vec fnma(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }
POSSE_INLINE Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
POSSE_INLINE Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
#else
typedef float Vec __attribute__((vector_size(32)));
typedef float UnalignedVec __attribute__((vector_size(32), aligned(4), may_alias));
POSSE_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
POSSE_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
POSSE_INLINE Vec broadcast(float x) { return Vec{x, x, x, x, x, x, x, x}; }
POSSE_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
POSSE_INLINE Vec fnma(Vec a, Vec b, Vec c) { return c - a * b; }
POSSE_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }
POSSE_INLINE Vec min(Vec a, Vec b) { return a < b ? a : b; }
#endif

typedef int32_t IntVec __attribute__((vector_size(4 * POSSE_LANES)));
typedef float PlainVec __attribute__((vector_size(4 * POSSE_LANES)));

POSSE_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
POSSE_INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/// e^x to 2e-7 relative, for x in [-87, 88]; beyond, the value at that end. 2^n e^r with
/// |r| <= ln(2)/2, e^r by its series: the first term left out is r^8/8! < 6e-9.
POSSE_INLINE Vec exponential(Vec x) {
  x = min(max(x, broadcast(-87.0F)), broadcast(88.0F));
  const Vec magic = broadcast(12582912.0F);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec n = (x * broadcast(1.44269504F) + magic) - magic;
  Vec r = fnma(n, broadcast(0.693359375F), x);  // ln(2) in two parts, the first exact
  r = fnma(n, broadcast(-2.12194440e-4F), r);
  Vec p = broadcast(1.0F / 5040.0F);
  p = fma(p, r, broadcast(1.0F / 720.0F));
  p = fma(p, r, broadcast(1.0F / 120.0F));
  p = fma(p, r, broadcast(1.0F / 24.0F));
  p = fma(p, r, broadcast(1.0F / 6.0F));
  p = fma(p, r, broadcast(0.5F));
  p = fma(p, r, broadcast(1.0F));
  p = fma(p, r, broadcast(1.0F));
  const IntVec exponent = (__builtin_convertvector((PlainVec)n, IntVec) + 127) << 23;
  return p * (Vec)exponent;
}

POSSE_INLINE Vec logistic(Vec x) {
  const Vec one = broadcast(1.0F);
  return one / (one + exponential(broadcast(0.0F) - x));
}

POSSE_INLINE Vec activate(Vec x, Activation kind) {
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
