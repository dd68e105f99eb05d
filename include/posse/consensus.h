/// Forms the consensus of several networks' keypoints, frame by frame or as a track through time.
///
///     const posse::JointPoses median = posse::consensus(members);
///     const posse::JointPoses track = posse::consensus(members, {{"method", "track"}});
#pragma once

#include <vector>

#include "posse/poses.h"

namespace posse {
inline namespace v1 {

/// @param members  with equal bodyparts; frames are matched by their numbers
/// @param options  of `posse consensus`, as {"method", "track"}; the default is the median
/// @throws Error
inline JointPoses consensus(const std::vector<Poses>& members, const Options& options = {}) {
  return detail::combined(&posse_consensus, members, options);
}

}  // namespace v1
}  // namespace posse
