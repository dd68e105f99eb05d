#include <immintrin.h>

#include "keypoints/row_kernels_generic.h"

namespace posse {
namespace {

/// Eight floats, with AVX2 and FMA.
struct EightLanes {
  using Floats = __m256;
  static constexpr size_t kWidth = 8;

  static Floats all(float value) { return _mm256_set1_ps(value); }
  static Floats load(const float* values) { return _mm256_loadu_ps(values); }
  static Floats load_first(const float* values, size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(values,
                              _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane));
  }
  static void store(float* to, Floats x) { _mm256_storeu_ps(to, x); }
  static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats subtract_product(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(b, c, a); }
  static Floats min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
  static Floats max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
  static Floats round(Floats x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Floats times_power_of_two(Floats x, Floats power) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(power), _mm256_set1_epi32(127));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
  }
  static void accumulate(Floats x, double weight, double* sums) {
    const __m256d w = _mm256_set1_pd(weight);
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    _mm256_storeu_pd(sums, _mm256_fmadd_pd(low, w, _mm256_loadu_pd(sums)));
    _mm256_storeu_pd(sums + 4, _mm256_fmadd_pd(high, w, _mm256_loadu_pd(sums + 4)));
  }
  static bool keep_greater(Floats x, Floats row, float* highest, float* highest_row) {
    const Floats old = _mm256_loadu_ps(highest);
    const Floats greater = _mm256_cmp_ps(x, old, _CMP_GT_OQ);
    _mm256_storeu_ps(highest, _mm256_blendv_ps(old, x, greater));
    _mm256_storeu_ps(highest_row, _mm256_blendv_ps(_mm256_loadu_ps(highest_row), row, greater));
    return _mm256_movemask_ps(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)) != 0;
  }
};

}  // namespace

extern const RowKernels kAvx2RowKernels;
constexpr RowKernels kAvx2RowKernels = kernels_of<EightLanes>("avx2");

}  // namespace posse
