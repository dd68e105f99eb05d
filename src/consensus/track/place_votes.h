/// Selects the members' votes for one bodypart at one place that count.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/point.h"
#include "consensus/track/frame_evidence.h"

namespace posse {

/// A member does not vote at a place where its probability is below this share of the members'
/// highest: it sees nothing there, and its largest cell is noise.
inline constexpr float kLeastOfHighest = 0.1F;

struct PlaceVotes {
  std::vector<Point> points;
  Point median;  ///< of x and of y; (0, 0) without points
};

/// @param entry  position in frame.evidence
PlaceVotes votes_at(const FrameEvidence& frame, size_t entry);

/// Where a place's own bodypart is seen: the median of its votes there, else the place.
Point spot_of(const FrameEvidence& frame, int32_t place);

inline double distance(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace posse
