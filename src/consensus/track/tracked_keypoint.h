/// Turns a group's decision into one bodypart's position, covariance and chances.
#pragma once

#include <vector>

#include "consensus/track/tracker.h"

namespace posse {

struct TrackedPart {
  TrackedKeypoint keypoint;
  std::vector<Keypoint> votes;  ///< [members] at its place, also where it is not seen; empty: none
};

/// chance_seen is left to SeenChain.
/// @param index  of the bodypart within its group; @param bodypart  within the frame.
TrackedPart tracked_keypoint(const FrameEvidence& frame, const GroupDecision& decision,
                             size_t index, size_t bodypart, const TrackOptions& options);

}  // namespace posse
