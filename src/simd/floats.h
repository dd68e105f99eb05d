/// The vector of float32 that fits one instruction set, and e^x of it; for kernel sources
/// (simd/instruction_set.h). All of it is inlined into the kernels.
///
/// A fused multiply-add rounds once with AVX2 and AVX-512, twice at the baseline. min and max give
/// their second argument where one is NaN.
#pragma once

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "simd/always_inline.h"

namespace posse::POSSE_SIMD_NAMESPACE {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
using Vec = __m512;
POSSE_ALWAYS_INLINE Vec load(const float* p) { return _mm512_loadu_ps(p); }
/// The first `count` of a vector, 0 < count < kLanes; the rest is 0.
POSSE_ALWAYS_INLINE Vec load_first(const float* p, size_t count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1U), p);
}
POSSE_ALWAYS_INLINE void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
POSSE_ALWAYS_INLINE Vec broadcast(float x) { return _mm512_set1_ps(x); }
POSSE_ALWAYS_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
POSSE_ALWAYS_INLINE Vec fnma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }
POSSE_ALWAYS_INLINE Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
POSSE_ALWAYS_INLINE Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
/// The nearest integer, halves to the even one.
POSSE_ALWAYS_INLINE Vec round(Vec x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// x * 2^n; both the exponent n, an integer, and the result's lie in [-126, 127].
POSSE_ALWAYS_INLINE Vec times_power_of_two(Vec x, Vec n) { return _mm512_scalef_ps(x, n); }
/// sums[lane] += x[lane] * weight, fused where fma() is.
POSSE_ALWAYS_INLINE void accumulate(Vec x, double weight, double* sums) {
  const __m512d w = _mm512_set1_pd(weight);
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
  _mm512_storeu_pd(sums, _mm512_fmadd_pd(low, w, _mm512_loadu_pd(sums)));
  _mm512_storeu_pd(sums + 8, _mm512_fmadd_pd(high, w, _mm512_loadu_pd(sums + 8)));
}
#elif defined(__AVX2__)
constexpr int kLanes = 8;
using Vec = __m256;
POSSE_ALWAYS_INLINE Vec load(const float* p) { return _mm256_loadu_ps(p); }
POSSE_ALWAYS_INLINE Vec load_first(const float* p, size_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(p,
                            _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane));
}
POSSE_ALWAYS_INLINE void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
POSSE_ALWAYS_INLINE Vec broadcast(float x) { return _mm256_set1_ps(x); }
POSSE_ALWAYS_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
POSSE_ALWAYS_INLINE Vec fnma(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }
POSSE_ALWAYS_INLINE Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
POSSE_ALWAYS_INLINE Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
POSSE_ALWAYS_INLINE Vec round(Vec x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
POSSE_ALWAYS_INLINE void accumulate(Vec x, double weight, double* sums) {
  const __m256d w = _mm256_set1_pd(weight);
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
  _mm256_storeu_pd(sums, _mm256_fmadd_pd(low, w, _mm256_loadu_pd(sums)));
  _mm256_storeu_pd(sums + 4, _mm256_fmadd_pd(high, w, _mm256_loadu_pd(sums + 4)));
}
#else
constexpr int kLanes = 8;
using Vec = float __attribute__((vector_size(32)));
using UnalignedVec = float __attribute__((vector_size(32), aligned(4), may_alias));
POSSE_ALWAYS_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
POSSE_ALWAYS_INLINE Vec load_first(const float* p, size_t count) {
  Vec v{};
  for (size_t i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
POSSE_ALWAYS_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
POSSE_ALWAYS_INLINE Vec broadcast(float x) { return Vec{x, x, x, x, x, x, x, x}; }
POSSE_ALWAYS_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
POSSE_ALWAYS_INLINE Vec fnma(Vec a, Vec b, Vec c) { return c - a * b; }
POSSE_ALWAYS_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }
POSSE_ALWAYS_INLINE Vec min(Vec a, Vec b) { return a < b ? a : b; }
/// For |x| below 2^22.
POSSE_ALWAYS_INLINE Vec round(Vec x) {
  const Vec magic = broadcast(12582912.0F);  // 1.5 * 2^23: adding it rounds to an integer
  return (x + magic) - magic;
}
POSSE_ALWAYS_INLINE void accumulate(Vec x, double weight, double* sums) {
  for (int i = 0; i < kLanes; ++i) sums[i] += static_cast<double>(x[i]) * weight;
}
#endif

using IntVec = int32_t __attribute__((vector_size(4 * kLanes)));
using PlainVec = float __attribute__((vector_size(4 * kLanes)));

#if !defined(__AVX512F__)
POSSE_ALWAYS_INLINE Vec times_power_of_two(Vec x, Vec n) {
  const IntVec exponent = (__builtin_convertvector((PlainVec)n, IntVec) + 127) << 23;
  return x * (Vec)exponent;
}
#endif

/// Where x is NaN, all bits of a lane; else 0.
POSSE_ALWAYS_INLINE IntVec nan_lanes(Vec x) {
  const auto plain = (PlainVec)x;
  return plain != plain;  // NOLINT(misc-redundant-expression): true of NaN alone
}

POSSE_ALWAYS_INLINE bool any(IntVec lanes) {
  int32_t found = 0;
  for (int i = 0; i < kLanes; ++i) found |= lanes[i];
  return found != 0;
}

/// x where it lies within +-limit, else that end; NaN for NaN.
POSSE_ALWAYS_INLINE Vec cut(Vec x, float limit) {
  return min(broadcast(limit), max(broadcast(-limit), x));
}

/// e^x for |x| <= 87, off by at most 1.3e-7 of itself; NaN for NaN.
///
/// x = n ln2 + r with |r| <= ln2/2; e^r = 1 + r + r² q(r), where q minimises the largest relative
/// error (3.6e-9); ln2 is split so that n times its first part is exact.
POSSE_ALWAYS_INLINE Vec exponential(Vec x) {
  const Vec n = round(x * broadcast(1.44269504F));
  Vec r = fnma(n, broadcast(0x1.62e4p-1F), x);
  r = fnma(n, broadcast(1.42860677e-6F), r);
  Vec q = broadcast(1.38145406e-3F);
  q = fma(q, r, broadcast(8.36874545e-3F));
  q = fma(q, r, broadcast(4.16683890e-2F));
  q = fma(q, r, broadcast(0.166665211F));
  q = fma(q, r, broadcast(0.49999994F));
  const Vec tail = fma(r * r, q, r);
  return times_power_of_two(tail + broadcast(1.0F), n);
}

/// 1 / (1 + e^-x), off by at most 3e-7 of itself for x > -87; NaN for NaN.
POSSE_ALWAYS_INLINE Vec logistic(Vec x) {
  const Vec one = broadcast(1.0F);
  return one / (one + exponential(cut(broadcast(0.0F) - x, 87.0F)));
}

}  // namespace posse::POSSE_SIMD_NAMESPACE
