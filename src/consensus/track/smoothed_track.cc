#include "consensus/track/smoothed_track.h"

#include <cmath>
#include <cstdint>

#include "smoothing/models/single_camera.h"

namespace posse {
namespace {

/// Each member's votes as a table; the frames are numbered from 0.
std::vector<Poses> vote_tables(std::span<const TrackedFrame> frames,
                               const std::vector<std::string>& bodyparts) {
  const size_t parts = bodyparts.size();
  Poses empty{.bodyparts = bodyparts};
  for (size_t t = 0; t < frames.size(); ++t) empty.frame_index.push_back(static_cast<int64_t>(t));
  std::vector<Poses> members(frames.front().votes.size() / parts, empty);
  for (size_t m = 0; m < members.size(); ++m) {
    for (const TrackedFrame& frame : frames) {
      const auto first = frame.votes.begin() + static_cast<std::ptrdiff_t>(m * parts);
      members[m].keypoints.insert(members[m].keypoints.end(), first,
                                  first + static_cast<std::ptrdiff_t>(parts));
    }
  }
  return members;
}

}  // namespace

void smooth_track(std::span<TrackedFrame> frames, const std::vector<std::string>& bodyparts,
                  int num_threads) {
  if (frames.size() < 2 || bodyparts.empty()) return;
  const SmoothedTracks smoothed =
      smooth_single_camera(vote_tables(frames, bodyparts),
                           {.ensemble = {.allow_one_member = true}, .num_threads = num_threads});
  for (size_t t = 0; t < frames.size(); ++t) {
    for (size_t p = 0; p < bodyparts.size(); ++p) {
      TrackedKeypoint& tracked = frames[t].keypoints[p];
      const double x = smoothed.position.at(t, 2 * p);
      const double y = smoothed.position.at(t, 2 * p + 1);
      if (!std::isfinite(x) || !std::isfinite(y) || std::isnan(tracked.keypoint.x)) continue;
      tracked.keypoint.x = x;
      tracked.keypoint.y = y;
      if (tracked.seen) continue;
      tracked.covariance.xx += smoothed.posterior_variance.at(t, 2 * p);
      tracked.covariance.yy += smoothed.posterior_variance.at(t, 2 * p + 1);
    }
  }
}

}  // namespace posse
