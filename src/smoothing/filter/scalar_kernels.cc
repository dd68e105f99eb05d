#include "smoothing/filter/scalar_kernels.h"

#include <algorithm>
#include <bit>

#include "smoothing/filter/scalar_filter.h"

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

constexpr uint64_t kMantissa = (uint64_t{1} << 52) - 1;
constexpr uint64_t kExponentOfOne = uint64_t{1023} << 52;

void step_forward(const ScalarFrame& in, size_t count, double* __restrict mean,
                  double* __restrict variance, double* __restrict filtered_mean,
                  double* __restrict filtered_variance) {
  for (size_t i = 0; i < count; ++i) {
    const double y = in.observation[i];
    const bool seen = y == y;
    const double r = std::max(in.variance[i], kLeastObservationVariance);
    const double p = variance[i];
    const double inverse = 1 / (p + r);
    const double error = y - in.centre[i] - mean[i];
    const double m = seen ? mean[i] + p * inverse * error : mean[i];
    const double q = seen ? p * inverse * r : p;
    mean[i] = m;
    filtered_mean[i] = m;
    filtered_variance[i] = q;
    variance[i] = q + in.s[i];
  }
}

void step_backward(const double* centre, const double* s, size_t count, double* __restrict row_mean,
                   double* __restrict row_variance, double* __restrict next_mean,
                   double* __restrict next_variance) {
  for (size_t i = 0; i < count; ++i) {
    const double p = row_variance[i];
    const double inverse = 1 / (p + s[i]);
    const double gain = p * inverse;
    const double m = row_mean[i] + gain * (next_mean[i] - row_mean[i]);
    const double v = p * s[i] * inverse + gain * gain * next_variance[i];
    next_mean[i] = m;
    next_variance[i] = v;
    row_mean[i] = m + centre[i];
    row_variance[i] = v;
  }
}

void step_likelihood(const ScalarFrame& in, size_t count, double* __restrict mean,
                     double* __restrict variance, double* __restrict quadratic,
                     double* __restrict mantissa, uint64_t* __restrict exponent,
                     double* __restrict num_seen) {
  for (size_t i = 0; i < count; ++i) {
    const double y = in.observation[i];
    const bool seen = y == y;
    const double r = std::max(in.variance[i], kLeastObservationVariance);
    const double p = variance[i];
    const double total = p + r;
    const double inverse = 1 / total;
    const double error = y - in.centre[i] - mean[i];
    mean[i] = seen ? mean[i] + p * inverse * error : mean[i];
    variance[i] = (seen ? p * inverse * r : p) + in.s[i];
    quadratic[i] += seen ? error * error * inverse : 0.0;
    num_seen[i] += seen ? 1.0 : 0.0;
    const auto bits = std::bit_cast<uint64_t>(mantissa[i] * (seen ? total : 1.0));
    exponent[i] += bits >> 52;
    mantissa[i] = std::bit_cast<double>((bits & kMantissa) | kExponentOfOne);
  }
}

}  // namespace

const ScalarKernels kScalarKernels = {.step_forward = step_forward,
                                      .step_backward = step_backward,
                                      .step_likelihood = step_likelihood};

}  // namespace posse::POSSE_SIMD_NAMESPACE
