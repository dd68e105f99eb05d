/// The result of an ensemble for one frame.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/tensor.h"
#include "calibration/calibration.h"
#include "consensus/scoremap_consensus.h"
#include "consensus/track/tracked_frame.h"

namespace posse {

/// All keypoints of one frame: the consensus and the members it was made from.
struct FrameResult {
  int64_t frame_index = 0;
  /// Presentation time; NaN if the video has none.
  double time_seconds = std::numeric_limits<double>::quiet_NaN();
  /// [bodyparts]
  std::vector<ConsensusKeypoint> consensus;
  /// [members, bodyparts]
  std::vector<Keypoint> members;
  /// What tracking keeps of the members' maps (consensus/track/evidence_bytes.h); empty unless
  /// asked for.
  std::vector<uint8_t> evidence;
  /// [bodyparts], once the frame has been tracked; else empty.
  std::vector<TrackedKeypoint> track;
  /// [bodyparts], where a calibration is used; else empty.
  std::vector<CalibratedPoint> calibrated;
  /// [height, width, bodyparts] of the consensus; empty unless asked for.
  Tensor scoremap_logits;

  /// Keypoints of member `m`, [bodyparts].
  std::span<const Keypoint> member(size_t m) const {
    return {members.data() + m * consensus.size(), consensus.size()};
  }
  size_t num_members() const { return consensus.empty() ? 0 : members.size() / consensus.size(); }
};

}  // namespace posse
