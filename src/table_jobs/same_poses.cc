#include "table_jobs/same_poses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace posse {
namespace {

bool is_same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || static_cast<float>(a) == static_cast<float>(b);
}

}  // namespace

std::optional<std::string> first_difference(const Poses& a, const Poses& b) {
  if (a.bodyparts != b.bodyparts) return "other bodyparts";
  if (a.frame_index != b.frame_index) return "other frames";
  for (size_t i = 0; i < a.keypoints.size(); ++i) {
    const Keypoint& one = a.keypoints[i];
    const Keypoint& other = b.keypoints[i];
    if (is_same(one.x, other.x) && is_same(one.y, other.y) &&
        is_same(one.likelihood, other.likelihood)) {
      continue;
    }
    const size_t width = a.bodyparts.size();
    return fmt::format("frame {}, {}", a.frame_index[i / width], printable(a.bodyparts[i % width]));
  }
  return std::nullopt;
}

bool has_keypoints(const Poses& poses) {
  return std::any_of(poses.keypoints.begin(), poses.keypoints.end(),
                     [](const Keypoint& at) { return !std::isnan(at.x); });
}

}  // namespace posse
