/// The arithmetic of packed_state.h, per instruction set.
#pragma once

#include <cstddef>

#include "simd/instruction_set.h"
#include "smoothing/filter/packed_state.h"

namespace posse {

/// Kernels for groups with `size` numbers of state; shapes as in packed_state.h. Scratch is as
/// large as the structs' own.
struct StateKernels {
  void (*observe)(const FrameObservations& frame, size_t size, Pack* mean, Pack* factor,
                  PackedLikelihood& likelihood, Pack* scratch);
  void (*predict)(const PackedProcess& process, size_t size, Pack* mean, Pack* factor,
                  Pack* scratch);
  void (*smooth)(const PackedProcess& process, size_t size, const Pack* filtered_mean,
                 const Pack* filtered_factor, Pack* mean, Pack* covariance, Pack* scratch);
  void (*project)(size_t size, const Pack* mean, const Pack* covariance, const Pack* rows,
                  const Pack* offset, size_t num_coordinates, Pack* position, Pack* variance);
  /// covariance = factor factor'
  void (*square)(const Pack* factor, size_t size, Pack* covariance);
};

POSSE_KERNEL_TABLE(StateKernels, kStateKernels, state_kernels)

}  // namespace posse
