#include "smoothing/models/filled_cameras.h"

#include <algorithm>

#include "smoothing/observations/frame_gaps.h"

namespace posse {

FilledCameras::FilledCameras(std::span<const CameraMembers> cameras) {
  const bool gaps = std::ranges::any_of(cameras, [](const CameraMembers& camera) {
    return !camera.members.empty() && has_gaps(camera.members.front().frame_index);
  });
  if (!gaps || cameras.front().members.empty()) return;  // the latter is refused later
  frames_ = cameras.front().members.front().frame_index;
  for (const CameraMembers& camera : cameras) members_.push_back(fill_gaps(camera.members));
  for (size_t c = 0; c < cameras.size(); ++c) cameras_.push_back({cameras[c].name, members_[c]});
}

void FilledCameras::keep_frames(SmoothedCameras& smoothed) const {
  for (SmoothedTracks& tracks : smoothed.cameras) posse::keep_frames(tracks, frames_);
}

}  // namespace posse
