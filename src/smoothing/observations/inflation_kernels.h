/// The arithmetic of variance_inflation.h for a pack of frames, per instruction set.
#pragma once

#include <cstddef>

#include "simd/instruction_set.h"
#include "simd/pack.h"

namespace posse {

/// px^2; variances below it count as so large within inflate_variances(). Also added to variances
/// in the weights.
inline constexpr double kLeastInflatedVariance = 1e-6;

struct InflationKernels {
  /// Squared Mahalanobis distances of all views, one frame per lane of a Pack, from what all views
  /// together predict.
  /// @param loadings   [num_lanes, size], row-major
  /// @param observed   [num_lanes], less the mean; variances likewise
  /// @param distances  [num_lanes / 2], out
  /// @param scratch    [size * size + size + num_lanes * size]
  void (*measure_distances)(const double* loadings, size_t num_lanes, size_t size,
                            const Pack* observed, const Pack* variances, Pack* distances,
                            Pack* scratch);
};

POSSE_KERNEL_TABLE(InflationKernels, kInflationKernels, inflation_kernels)

}  // namespace posse
