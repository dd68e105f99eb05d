/// Makes evidence for tracking from members' points, where their maps are not at hand.
#pragma once

#include <span>

#include "base/poses.h"
#include "consensus/track/frame_evidence.h"

namespace posse {

/// A grid to lay over pictures whose networks are not known.
struct PointGrid {
  double cell = 8;         ///< pixels: the stride that most networks have; above 0
  double num_cells = 600;  ///< that cover the pictures; at least 1
};

/// The grid of cells of `cell` px that covers all finite points of the tables, 100 cells at least
/// and a million at most.
PointGrid grid_of_tables(std::span<const Poses> members, double cell);

/// Evidence of one frame: each member says w at its point and (1 - w) everywhere, where w is its
/// likelihood. One that is NaN beside a point is not known: it weighs as much as the bodypart's
/// others do on average, and where none is known all are 1.
///
/// A place is a member's point with the most likelihood within its box, then the same among points
/// that lie in no box yet; at most kMostOwnPlaces. A member votes with its own point, at the places
/// in whose box that lies. A member whose x or y is not finite does not vote.
/// @param members  [members] of [bodyparts]
FrameEvidence evidence_of_points(std::span<const std::span<const Keypoint>> members,
                                 const PointGrid& grid);

}  // namespace posse
