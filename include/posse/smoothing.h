/// The ensemble Kalman smoother over several networks' keypoints of one camera.
///
///     const posse::JointPoses smooth = posse::smoothed(members);
///     std::cout << "s of the first bodypart: " << smooth.smoothing[0] << " px^2 per frame\n";
#pragma once

#include <vector>

#include "posse/poses.h"

namespace posse {
inline namespace v1 {

/// @param members  with equal bodyparts; frames are matched by their numbers
/// @param options  of `posse smooth single`, as {"s", "10"} or {"causal", "on"}
/// @throws Error
inline JointPoses smoothed(const std::vector<Poses>& members, const Options& options = {}) {
  return detail::combined(&posse_smooth, members, options);
}

}  // namespace v1
}  // namespace posse
