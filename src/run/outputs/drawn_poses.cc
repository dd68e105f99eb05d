#include "run/outputs/drawn_poses.h"

#include "consensus/keypoint_consensus.h"
#include "keypoints/decode.h"

namespace posse {

DrawnPoses drawn_poses(const FrameResult& result) {
  constexpr double kLikely = 0.5;
  DrawnPoses drawn;
  std::vector<Keypoint> members(result.num_members());
  for (size_t part = 0; part < result.consensus.size(); ++part) {
    drawn.consensus.push_back(result.consensus[part].keypoint);
    if (!result.track.empty()) {
      const TrackedKeypoint& tracked = result.track[part];
      if (!tracked.seen || tracked.chance_seen < kLikely)
        drawn.consensus.back() = missing_keypoint();
      drawn.covariance.push_back(tracked.covariance);
      continue;
    }
    for (size_t m = 0; m < members.size(); ++m) members[m] = result.member(m)[part];
    drawn.covariance.push_back(consensus_of_keypoints(members, {}).covariance);
  }
  return drawn;
}

}  // namespace posse
