/// Transforms the weights of a 3x3 convolution for the Winograd kernels, and bounds their rounding
/// error.
#pragma once

#include <cstdint>

#include "base/tensor.h"
#include "network/backends/cpu/kernels.h"

namespace posse::cpu {

/// G g G^T of every kernel, computed in double and rounded once:
/// [frequency, panel, padded channels in, columns of the panel].
/// @param weights  [out, in, 3, 3]
/// @param outputs  2 or 4
Tensor winograd_weights(const TensorView& weights, int outputs, const Kernels& kernels);

/// Worst case of |error| / (max |input| * eps * max over outputs of the sum of |weight|), eps being
/// the rounding unit of float32, 2^-24; the same quantity for a direct convolution is the number of
/// its terms plus one. A first-order bound: every rounding of every step of the algorithm counts
/// with the largest magnitude its operand can have and the largest factor behind it.
double winograd_error_bound(const TensorView& weights, int outputs);

/// As much error as a convolution of this many terms may have at worst before we do without
/// Winograd: see docs/performance.md.
bool winograd_is_exact_enough(const TensorView& weights, int outputs);

}  // namespace posse::cpu
