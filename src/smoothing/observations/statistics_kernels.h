/// The arithmetic of ensemble_statistics.h for one frame, per instruction set.
#pragma once

#include <cstddef>
#include <span>

#include "base/poses.h"
#include "simd/instruction_set.h"

namespace posse {

/// A frame's coordinates are [members, lanes], two lanes for a bodypart.
struct StatisticsKernels {
  /// Copies the frame's coordinates to `coordinates` and averages the likelihoods.
  /// @return false if something is not finite, so that the frame needs the careful way.
  bool (*gather)(const std::span<const Keypoint>* rows, size_t num_members, size_t num_bodyparts,
                 double* coordinates, double* likelihood);

  /// Mean and population variance per lane; all values finite.
  void (*mean_and_variance)(const double* coordinates, size_t num_members, size_t num_lanes,
                            double* mean, double* variance);

  /// Median per lane by sorting all lanes at once: compare and exchange whole rows of lanes. Spoils
  /// `coordinates`.
  void (*median)(double* coordinates, size_t num_members, size_t num_lanes, double* result);

  /// From the spread over members to the variance the filter believes.
  void (*weigh_variance)(double* variance, const double* likelihood, size_t num_bodyparts,
                         bool confidence_weighted);
};

POSSE_KERNEL_TABLE(StatisticsKernels, kStatisticsKernels, statistics_kernels)

}  // namespace posse
