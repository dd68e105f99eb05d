#include <immintrin.h>

#include "keypoints/row_kernels_generic.h"

namespace posse {
namespace {

/// Sixteen floats, with AVX-512F and AVX-512DQ.
struct SixteenLanes {
  using Floats = __m512;
  static constexpr size_t kWidth = 16;

  static Floats all(float value) { return _mm512_set1_ps(value); }
  static Floats load(const float* values) { return _mm512_loadu_ps(values); }
  static Floats load_first(const float* values, size_t count) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1U), values);
  }
  static void store(float* to, Floats x) { _mm512_storeu_ps(to, x); }
  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats subtract_product(Floats a, Floats b, Floats c) { return _mm512_fnmadd_ps(b, c, a); }
  static Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats round(Floats x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Floats times_power_of_two(Floats x, Floats power) { return _mm512_scalef_ps(x, power); }
  static void accumulate(Floats x, double weight, double* sums) {
    const __m512d w = _mm512_set1_pd(weight);
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    _mm512_storeu_pd(sums, _mm512_fmadd_pd(low, w, _mm512_loadu_pd(sums)));
    _mm512_storeu_pd(sums + 8, _mm512_fmadd_pd(high, w, _mm512_loadu_pd(sums + 8)));
  }
  static bool keep_greater(Floats x, Floats row, float* highest, float* highest_row) {
    const __mmask16 greater = _mm512_cmp_ps_mask(x, _mm512_loadu_ps(highest), _CMP_GT_OQ);
    _mm512_mask_storeu_ps(highest, greater, x);
    _mm512_mask_storeu_ps(highest_row, greater, row);
    return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q) != 0;
  }
};

}  // namespace

extern const RowKernels kAvx512RowKernels;
constexpr RowKernels kAvx512RowKernels = kernels_of<SixteenLanes>("avx512");

}  // namespace posse
