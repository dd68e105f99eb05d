/// Pose tables: what DeepLabCut, DeepGraphPose, Lightning Pose and SLEAP write, and what downstream
/// tools read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/poses.h"

namespace posse {

/// Poses with the name of who placed them.
struct PoseTable {
  std::string scorer;
  Poses poses;
};

}  // namespace posse
