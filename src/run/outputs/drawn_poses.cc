#include "run/outputs/drawn_poses.h"

#include <cmath>

#include "consensus/keypoint_consensus.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

Covariance covariance_of_members(const ShownFrame& frame, size_t part) {
  if (frame.members.size() < 2) return {std::nan(""), std::nan(""), std::nan("")};
  std::vector<Keypoint> members;
  for (const std::span<const Keypoint> member : frame.members) members.push_back(member[part]);
  return consensus_of_keypoints(members, {}).covariance;
}

bool is_hidden(const StatedKeypoint& stated) {
  constexpr double kLikely = 0.5;
  return !stated.seen || stated.chance_seen < kLikely;
}

}  // namespace

DrawnPoses drawn_poses(const ShownFrame& frame) {
  DrawnPoses drawn;
  for (size_t part = 0; part < frame.consensus.size(); ++part) {
    drawn.consensus.push_back(frame.consensus[part]);
    if (frame.stated.empty()) {
      drawn.covariance.push_back(covariance_of_members(frame, part));
      continue;
    }
    if (is_hidden(frame.stated[part])) drawn.consensus.back() = missing_keypoint();
    drawn.covariance.push_back(frame.stated[part].covariance);
  }
  return drawn;
}

ShownFrame shown_frame(std::span<const std::string> bodyparts, const FrameResult& result) {
  ShownFrame frame{.bodyparts = bodyparts,
                   .consensus = {},
                   .members = {},
                   .stated = {},
                   .frame_index = result.frame_index};
  for (const ConsensusKeypoint& keypoint : result.consensus)
    frame.consensus.push_back(keypoint.keypoint);
  for (size_t m = 0; m < result.num_members(); ++m) frame.members.push_back(result.member(m));
  for (const TrackedKeypoint& tracked : result.track)
    frame.stated.push_back({tracked.covariance, tracked.seen, tracked.chance_seen});
  return frame;
}

void draw_frame(const ShownFrame& frame, const OverlayStyle& style, Image& image) {
  const DrawnPoses drawn = drawn_poses(frame);
  draw_poses(image,
             {.bodyparts = frame.bodyparts,
              .consensus = drawn.consensus,
              .members = frame.members,
              .covariance = drawn.covariance,
              .frame_index = frame.frame_index},
             style);
}

}  // namespace posse
