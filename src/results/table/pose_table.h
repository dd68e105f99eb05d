/// Pose tables and hand labels as values, as DeepLabCut, DeepGraphPose, Lightning Pose and SLEAP
/// write them and downstream tools read them.
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

/// A place that a person marked in an image.
struct LabelledPoint {
  double x = 0;         ///< pixels; NaN when not labelled
  double y = 0;         ///< pixels; NaN when not labelled
  bool hidden = false;  ///< Lightning Pose says that it cannot be seen (visible 1): x, y are NaN
};

/// Hand labels: rows are images, in the order of the file.
struct LabelTable {
  std::string scorer;
  std::vector<std::string> bodyparts;  ///< [bodyparts], unique
  std::vector<std::string> images;     ///< [images], as "labeled-data/m4s1/img0007.png", always '/'
  std::vector<LabelledPoint> points;   ///< [images, bodyparts], row-major

  size_t num_images() const { return images.size(); }
  size_t num_bodyparts() const { return bodyparts.size(); }
  const LabelledPoint& at(size_t image, size_t bodypart) const {
    return points[image * bodyparts.size() + bodypart];
  }
};

}  // namespace posse
