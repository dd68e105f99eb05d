#include <cmath>

#include "keypoints/row_kernels_generic.h"

namespace posse {
namespace {

/// One float at a time, in plain C++: for every machine.
struct OneLane {
  using Floats = float;
  static constexpr size_t kWidth = 1;

  static Floats all(float value) { return value; }
  static Floats load(const float* values) { return *values; }
  static Floats load_first(const float* values, size_t) { return *values; }
  static void store(float* to, Floats x) { *to = x; }
  static Floats add(Floats a, Floats b) { return a + b; }
  static Floats mul(Floats a, Floats b) { return a * b; }
  static Floats divide(Floats a, Floats b) { return a / b; }
  // In double, so that the product is exact as a fused multiply-add has it, at no cost of a library
  // call.
  static Floats multiply_add(Floats a, Floats b, Floats c) {
    return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) +
                              static_cast<double>(c));
  }
  static Floats subtract_product(Floats a, Floats b, Floats c) { return multiply_add(-b, c, a); }
  // The second argument where one is NaN, as the vector instructions have it.
  static Floats min(Floats a, Floats b) { return a < b ? a : b; }
  static Floats max(Floats a, Floats b) { return a > b ? a : b; }
  static Floats round(Floats x) { return std::nearbyint(x); }
  static Floats times_power_of_two(Floats x, Floats power) {
    return std::isnan(power) ? power : std::ldexp(x, static_cast<int>(power));
  }
  static void accumulate(Floats x, double weight, double* sum) {
    *sum += static_cast<double>(x) * weight;
  }
  static bool keep_greater(Floats x, Floats row, float* highest, float* highest_row) {
    if (x > *highest) {
      *highest = x;
      *highest_row = row;
    }
    return std::isnan(x);
  }
};

}  // namespace

extern const RowKernels kBaselineRowKernels;
constexpr RowKernels kBaselineRowKernels = kernels_of<OneLane>("baseline");

}  // namespace posse
