/// The inner loops over maps for evidence, compiled per instruction set (simd/instruction_set.h).
///
/// Maps are read in blocks of kBlockCells cells: float i of a block belongs to the same bodypart in
/// every block, so that one loop serves any number of bodyparts. What is kept is kept per float of
/// a block; adding it up by bodypart comes last.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/instruction_set.h"

namespace posse {

/// Cells of a block; a multiple of the floats of any vector.
inline constexpr size_t kBlockCells = 32;

/// exp() below exp(-kNegligible) is taken as 0.
inline constexpr float kNegligible = 25;

/// One instruction set's kernels; `count` is that of a block's floats.
struct EvidenceKernels {
  /// Raises highest[i] to logits[i]. NaN is passed over. True if there is one.
  bool (*keep_highest)(const float* logits, size_t count, float* highest);

  /// weights[i] = e^(logits[i] - highest[i]), off by at most 1.3e-7 of itself, 1 at most and 0
  /// below e^-kNegligible; adds it to sums[i]. Any finite number for NaN.
  void (*add_softmax)(const float* logits, const float* highest, size_t count, float* weights,
                      double* sums);

  /// mixture[i] += scale[i] * weights[i], each rounded to float32.
  void (*mix)(const float* weights, const float* scale, size_t count, float* mixture);

  /// Writes to `found`, of room for count, all i for which values[i] > least[i]; how many.
  size_t (*find_above)(const float* values, const float* least, size_t count, uint32_t* found);
};

POSSE_KERNEL_TABLE(EvidenceKernels, kEvidenceKernels, evidence_kernels)

}  // namespace posse
