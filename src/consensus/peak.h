/// Finds the centre and the highest cell of a frame's consensus map. Part of scoremap_consensus.cc,
/// on its own for its length.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "consensus/grid.h"
#include "consensus/log_odds.h"
#include "keypoints/softmax_moments.h"

namespace posse {

/// All members' maps of a frame on one grid and in one order of bodyparts.
struct AlignedMembers {
  Grid grid;
  int bodyparts = 0;
  std::vector<const float*> logits;  ///< [members] of [height, width, bodyparts]

  size_t num_cells() const {
    return static_cast<size_t>(grid.height) * static_cast<size_t>(grid.width);
  }
  double logit(size_t member, size_t cell, int bodypart) const {
    return static_cast<double>(
        logits[member][cell * static_cast<size_t>(bodyparts) + static_cast<size_t>(bodypart)]);
  }
};

/// Logits of some members at one cell, in `values`.
std::span<double> gather_logits(const AlignedMembers& aligned, std::span<const size_t> members,
                                size_t cell, int bodypart, std::vector<double>& values);

/// Where the consensus of one bodypart is on the grid, and how wide.
struct Peak {
  CellMoments moments;
  size_t highest_cell = 0;  ///< first in row-major order among equals; only if asked for
};

/// In double precision from the bodypart's consensus logits [height, width]; nullopt without any
/// mass or with NaN.
std::optional<Peak> find_peak(std::span<const double> consensus_logits, const Grid& grid);

/// All bodyparts at once with the vector kernels, each member's map read once. Keeps scratch memory
/// for one frame.
class PeakFinder {
 public:
  /// [bodyparts]; nullopt where the answer needs find_peak: with NaN or infinite logits, with odds
  /// outside the range in which float32 can be trusted, or (all of them) if there is no kernel for
  /// so many members.
  ///
  /// highest_cell is exact: cells that float32 cannot tell apart are compared in double precision.
  std::vector<std::optional<Peak>> find(const AlignedMembers& aligned, ConsensusMethod method,
                                        bool want_highest);

  /// The consensus logit of a cell of the maps given to find() last, to float32's precision, if the
  /// highest cell was asked for; nullopt where the members' logits may have been cut.
  std::optional<double> logit(const AlignedMembers& aligned, size_t cell, int bodypart) const;

 private:
  void sum_rows(const AlignedMembers& aligned, ConsensusMethod method, bool want_highest);
  MomentSums sums_of(const AlignedMembers& aligned, int bodypart) const;
  size_t highest_cell(const AlignedMembers& aligned, ConsensusMethod method, int bodypart) const;

  // Per float of a row (column * bodyparts + bodypart), padded as kernels want it.
  std::vector<double> mass_, first_, second_;
  std::vector<float> highest_, highest_row_;
  /// [height, padded row] when the highest cell is asked for, else one row.
  std::vector<float> odds_;
};

}  // namespace posse
