/// Checks whether two tables hold the same poses.
#pragma once

#include <optional>
#include <string>

#include "base/poses.h"

namespace posse {

/// The first place where two tables differ, as "frame 12, nose", "other frames", "other
/// bodyparts"; nothing if they hold the same poses. Values count as equal when they round to the
/// same float32: a csv of float32 columns keeps no more digits. Missing equals missing.
std::optional<std::string> first_difference(const Poses& a, const Poses& b);

/// Whether any keypoint is there.
bool has_keypoints(const Poses& poses);

}  // namespace posse
