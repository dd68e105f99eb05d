/// What the labelled video draws of a frame's result.
#pragma once

#include <vector>

#include "base/point.h"
#include "base/poses.h"
#include "ensemble/frame_result.h"

namespace posse {

struct DrawnPoses {
  std::vector<Keypoint> consensus;     ///< [bodyparts]; missing where nothing is drawn
  std::vector<Covariance> covariance;  ///< [bodyparts] of the ellipses, px²
};

/// The consensus keypoints with the covariance of the members' keypoints about them; of a track
/// with the one it states, and missing where a bodypart is not seen or more likely not than is.
DrawnPoses drawn_poses(const FrameResult& result);

}  // namespace posse
