/// Fills the gaps in the frame numbers of a multi-camera recording's tables, and takes the filled
/// rows out again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "smoothing/models/several_cameras.h"

namespace posse {

/// Holds the filled members of cameras whose tables leave frames out (frame_gaps.h), and takes the
/// filled rows out of the result again. Nothing is copied where there are no gaps.
class FilledCameras {
 public:
  explicit FilledCameras(std::span<const CameraMembers> cameras);

  bool had_gaps() const { return !members_.empty(); }
  std::span<const CameraMembers> cameras() const { return cameras_; }
  std::span<const int64_t> frames() const { return frames_; }
  void keep_frames(SmoothedCameras& smoothed) const;

 private:
  std::vector<std::vector<Poses>> members_;  // [cameras]; empty without gaps
  std::vector<CameraMembers> cameras_;
  std::vector<int64_t> frames_;
};

}  // namespace posse
