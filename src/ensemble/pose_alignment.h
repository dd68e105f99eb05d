/// Brings tables of different members onto the same bodyparts and frames, and says what differed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/poses.h"

namespace posse {

/// One member's poses.
struct NamedPoses {
  std::string member;  ///< for messages: its file
  Poses poses;
};

struct AlignedPoses {
  std::vector<Poses> members;  ///< equal bodyparts and frames; keypoints that a member lacks are
                               ///< missing (NaN, NaN, 0)
  std::vector<std::string>
      notes;  ///< one per difference, as "b.csv has no bodypart 'tail'"; empty when all agree
};

/// By name and frame number, never by position.
///
/// Bodyparts: those of any member, in order of appearance; with common_only those of all members,
/// in the first's order. Frames: those of any member, increasing. Notes name bodyparts that are
/// missing, in another order or NaN throughout, and frames that are missing.
/// @throws Error(invalid_value) without members, or if a member lists a bodypart twice or its frame
/// numbers do not
///         increase, naming it; Error(shape_mismatch) if no bodypart is common to all.
AlignedPoses align_poses(std::span<const NamedPoses> members, bool common_only = false);

}  // namespace posse
