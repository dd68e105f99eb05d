/// The evidence that tracking keeps of a frame: the places where the members see bodyparts, and no
/// maps.
#pragma once

#include <cstdint>
#include <vector>

#include "base/poses.h"

namespace posse {

/// Cells to either side of a place that belong to it: its box is 5 x 5 cells.
inline constexpr int kPlaceRadius = 2;
/// Cells of that box.
inline constexpr double kPlaceCells = 25;
/// Places of one bodypart in one frame.
inline constexpr int kMostOwnPlaces = 6;

/// A place where a bodypart's evidence has a peak, in pixels.
struct Place {
  double x = 0;
  double y = 0;
  int32_t bodypart = 0;  ///< whose peak it is
  float height = 0;      ///< of the peak, as a multiple of uniform evidence
};

/// One bodypart's evidence at one place, which may be another bodypart's.
struct PlaceEvidence {
  int32_t place = 0;
  int32_t bodypart = 0;
  /// Evidence in the place's box, as a multiple of what uniform evidence has there. Cells in the
  /// box of an earlier place of the same bodypart count there.
  float mass = 0;
};

/// Votes are kept to so many steps a pixel, at most 511 px from their place, and likelihoods to so
/// many steps between 0 and 1.
inline constexpr double kVoteSteps = 64;
inline constexpr double kLikelihoodSteps = 65535;

/// Where one member sees the bodypart within a place's box; NaN, NaN, 0 where it does not vote.
struct MemberVote {
  float x = 0;
  float y = 0;
  float likelihood = 0;
};

/// Evidence of all bodyparts in one frame.
///
/// The evidence of a bodypart is a distribution over the grid's cells: the mean over voting members
/// of w softmax + (1 - w) / cells, where w is the member's largest probability, so that a member
/// that sees nothing says nothing.
struct FrameEvidence {
  int64_t frame_index = 0;
  /// Presentation time; NaN if the video has none.
  double time_seconds = 0;
  int32_t num_members = 0;
  /// Pixels per cell of the grid.
  double stride = 8;
  /// Cells of the grid.
  double num_cells = 0;
  /// [bodyparts] evidence away from all places, as a multiple of uniform: the mean of 1 - w; NaN
  /// where no member votes.
  std::vector<float> background;
  std::vector<Place> places;
  /// By bodypart, then by place; a pair that is not listed has the background's evidence.
  std::vector<PlaceEvidence> evidence;
  /// [evidence, members]
  std::vector<MemberVote> votes;

  size_t num_bodyparts() const { return background.size(); }
  const MemberVote* votes_of(size_t entry) const {
    return votes.data() + entry * static_cast<size_t>(num_members);
  }
};

}  // namespace posse
