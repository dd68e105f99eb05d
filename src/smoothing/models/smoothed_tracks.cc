#include "smoothing/models/smoothed_tracks.h"

#include <cmath>

namespace posse {

Poses SmoothedTracks::poses() const {
  Poses result{.bodyparts = bodyparts, .frame_index = frame_index, .keypoints = {}};
  result.keypoints.reserve(frame_index.size() * bodyparts.size());
  for (size_t t = 0; t < frame_index.size(); ++t) {
    for (size_t k = 0; k < bodyparts.size(); ++k) {
      const double x = position.at(t, 2 * k);
      const double y = position.at(t, 2 * k + 1);
      const bool found = std::isfinite(x) && std::isfinite(y);
      result.keypoints.push_back({.x = x, .y = y, .likelihood = found ? likelihood.at(t, k) : 0.0});
    }
  }
  return result;
}

std::vector<std::string> unobserved(const std::vector<std::string>& bodyparts,
                                    const FrameArray& position) {
  std::vector<std::string> names;
  for (size_t k = 0; k < bodyparts.size(); ++k) {
    bool seen = false;
    for (size_t t = 0; t < position.num_frames() && !seen; ++t) {
      seen = std::isfinite(position.at(t, 2 * k)) || std::isfinite(position.at(t, 2 * k + 1));
    }
    if (!seen) names.push_back(bodyparts[k]);
  }
  return names;
}

}  // namespace posse
