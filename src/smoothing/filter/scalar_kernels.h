/// The arithmetic of scalar_filter.h for one frame of many lanes, per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/instruction_set.h"

namespace posse {

/// Observation step of one frame for `count` lanes.
struct ScalarFrame {
  const double* observation;
  const double* variance;
  const double* centre;
  const double* s;
};

/// All arrays are [count] and do not overlap. Means are relative to the prior's.
struct ScalarKernels {
  /// One frame: update with the observation, write the filtered state, predict the next.
  void (*step_forward)(const ScalarFrame& in, size_t count, double* mean, double* variance,
                       double* filtered_mean, double* filtered_variance);

  /// One frame backwards. The row holds the filtered state (mean relative to centre) and gets the
  /// smoothed one (absolute); next_* hold the smoothed state of the next frame and get this one's.
  void (*step_backward)(const double* centre, const double* s, size_t count, double* row_mean,
                        double* row_variance, double* next_mean, double* next_variance);

  /// One frame: update and predict, and add to the sums of a likelihood.
  void (*step_likelihood)(const ScalarFrame& in, size_t count, double* mean, double* variance,
                          double* quadratic, double* mantissa, uint64_t* exponent,
                          double* num_seen);
};

POSSE_KERNEL_TABLE(ScalarKernels, kScalarKernels, scalar_kernels)

}  // namespace posse
