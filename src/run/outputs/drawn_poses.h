/// Draws a frame's poses into a picture, whether the frame comes from a run or from the tables of
/// finished results.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/point.h"
#include "base/poses.h"
#include "ensemble/frame_result.h"
#include "video/overlay.h"

namespace posse {

/// What a track states of a keypoint, as far as pictures show it.
struct StatedKeypoint {
  Covariance covariance;   ///< of the position, px²; NaN where none is stated
  bool seen = true;        ///< by the likeliest path
  double chance_seen = 1;  ///< in [0, 1]; NaN where none is stated
};

/// A frame before it is drawn.
struct ShownFrame {
  std::span<const std::string> bodyparts;
  std::vector<Keypoint> consensus;                 ///< [bodyparts]
  std::vector<std::span<const Keypoint>> members;  ///< [members][bodyparts]
  std::vector<StatedKeypoint> stated;              ///< [bodyparts] of a track; else empty
  int64_t frame_index = 0;
};

struct DrawnPoses {
  std::vector<Keypoint> consensus;     ///< [bodyparts]; missing where nothing is drawn
  std::vector<Covariance> covariance;  ///< [bodyparts] of the ellipses, px²; NaN: none
};

/// The consensus keypoints with the covariance of the members' keypoints about them, NaN of fewer
/// than two members; of a track with the one it states, and missing where a bodypart is not seen or
/// more likely not than is.
DrawnPoses drawn_poses(const ShownFrame& frame);

/// What is shown of a result, which must outlive it.
ShownFrame shown_frame(std::span<const std::string> bodyparts, const FrameResult& result);

/// Draws members, and drawn_poses of the frame.
void draw_frame(const ShownFrame& frame, const OverlayStyle& style, Image& image);

}  // namespace posse
