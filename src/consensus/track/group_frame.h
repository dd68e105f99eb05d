/// The places that a group of look-alike bodyparts can be at in one frame, with their chances.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "consensus/track/frame_evidence.h"
#include "consensus/track/motion.h"

namespace posse {

/// Most bodyparts of a group, and most of its places.
inline constexpr size_t kMostGroupParts = 12;
inline constexpr size_t kMostGroupPlaces = 14;

/// Evidence is taken to be at least this multiple of uniform.
inline constexpr double kLeastEvidence = 1e-3;

/// A matrix [rows, columns] of chances.
struct ChanceTable {
  size_t columns = 0;
  std::vector<double> values;
  double at(size_t row, size_t column) const { return values[row * columns + column]; }
};

/// The group's places, and each part's evidence there. A choice is a place's number, or
/// num_places() for "not seen".
struct GroupFrame {
  std::vector<int32_t> places;  ///< [places] numbers into FrameEvidence::places, highest first
  std::vector<double> x, y;     ///< [places] px
  ChanceTable emission;         ///< [parts, places + 1] evidence as a multiple of uniform
  ChanceTable transition;       ///< [previous frame's places + 1, places + 1]; empty for the first

  size_t num_places() const { return places.size(); }
};

/// Cells that the highest places of two bodyparts lie apart at least, to be two places though they
/// share a box.
inline constexpr double kTwoSpots = 2;

/// Places of a group: its parts' own, the highest first, none in the box of one before, but for the
/// highest places of two parts whose spots (spot_of) are more than kTwoSpots apart: bodyparts that
/// meet, where the one would be pushed far away. With 1 to 4 parts at most 6 places, with more 2
/// more than parts; at most kMostGroupPlaces.
/// @param parts  bodyparts of the group, at most kMostGroupParts.
/// @param unseen_evidence  see MotionOptions.
/// @param power  of all evidence; 1: as it is.
GroupFrame group_frame(const FrameEvidence& frame, std::span<const int> parts,
                       double unseen_evidence = 1, double power = 1);

/// Fills `transition` for a frame that follows `previous` after `motion`.
void connect(const GroupFrame& previous, const Motion& motion, GroupFrame& frame);

}  // namespace posse
