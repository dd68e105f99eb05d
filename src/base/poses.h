/// Poses of consecutive frames: the value that networks, consensus, tables, smoothing and rendering
/// exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace posse {

/// One bodypart located in one frame, in full-frame pixels: x to the right, y down, pixel centres
/// at whole numbers.
struct Keypoint {
  double x = 0;           ///< NaN when missing
  double y = 0;           ///< NaN when missing
  double likelihood = 0;  ///< in [0, 1]; 0 when missing
};

/// Keypoints of `num_frames` frames. Row r belongs to video frame frame_index[r]; column j to
/// bodyparts[j].
struct Poses {
  std::vector<std::string> bodyparts;  ///< [bodyparts], order of the config; names are unique
  std::vector<int64_t> frame_index;    ///< [frames], strictly increasing
  std::vector<Keypoint> keypoints;     ///< [frames, bodyparts], row-major

  size_t num_frames() const { return frame_index.size(); }
  size_t num_bodyparts() const { return bodyparts.size(); }
  const Keypoint& at(size_t row, size_t bodypart) const {
    return keypoints[row * bodyparts.size() + bodypart];
  }
  Keypoint& at(size_t row, size_t bodypart) { return keypoints[row * bodyparts.size() + bodypart]; }
  /// All keypoints of one row, [bodyparts].
  std::span<const Keypoint> row(size_t index) const {
    return {keypoints.data() + index * bodyparts.size(), bodyparts.size()};
  }
};

}  // namespace posse
