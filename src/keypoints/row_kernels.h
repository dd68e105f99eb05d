/// The inner loops over scoremaps, compiled per instruction set (simd/instruction_set.h).
///
/// A "row" is one row of a channel-last map, taken as `count` = width * bodyparts floats: what a
/// kernel does it does to each of them alike, so that one loop serves any number of bodyparts. Sums
/// over the rows of a map are kept per float of a row, in double precision; adding them up by
/// bodypart comes last.
#pragma once

#include <cstddef>

#include "simd/instruction_set.h"

namespace posse {

/// Arrays that kernels write, and sums, have room for a multiple of this many elements.
inline constexpr size_t kRowPadding = 16;

/// `count` rounded up to kRowPadding.
constexpr size_t padded_row(size_t count) {
  return (count + kRowPadding - 1) / kRowPadding * kRowPadding;
}

/// Logits are cut to +-this before exp(): the result is then a normal float32 number, as is its
/// inverse.
inline constexpr float kLogitLimit = 80.0F;

/// Sums of softmax weights (odds) outside this range may rest on logits that were cut: they are
/// computed plainly instead. Below, cells at -80 could weigh more than 1e-16 of the map; above,
/// cells may exceed exp(69).
inline constexpr double kLeastTrustedSum = 1e-13;
inline constexpr double kMostTrustedSum = 1e30;

/// Most members for which there is a median kernel; more are done plainly.
inline constexpr size_t kMostMedianMembers = 32;

/// Sums per float of a row: of the weights, the weights times row and times row².
struct OddsSums {
  double* mass = nullptr;
  double* first = nullptr;
  double* second = nullptr;
};

/// One instruction set's kernels. Each value is off by at most 2e-7 (softmax weights) or 1e-6
/// (odds) of itself. NaN in gives NaN sums; an infinite logit gives NaN in the median.
struct RowKernels {
  /// mass[i] += mass_weight * exp(logits[i]); first[i] likewise with first_weight.
  void (*add_softmax)(const float* logits, size_t count, double mass_weight, double first_weight,
                      double* mass, double* first);

  /// odds[i] = p / (1 - p) of the mean p of the members' sigmoid(logits[m][i]); adds it to the
  /// sums.
  void (*add_mean_odds)(const float* const* logits, size_t num_members, size_t count, double row,
                        float* odds, const OddsSums& sums);

  /// The same of the median; at most kMostMedianMembers members.
  void (*add_median_odds)(const float* const* logits, size_t num_members, size_t count, double row,
                          float* odds, const OddsSums& sums);

  /// Where values[i] > highest[i], sets highest[i] and highest_row[i]. True if a value is NaN.
  bool (*keep_highest)(const float* values, size_t count, float row, float* highest,
                       float* highest_row);
};

POSSE_KERNEL_TABLE(RowKernels, kRowKernels, row_kernels)

}  // namespace posse
