/// Views scoremaps of Python, [frames, height, width, bodyparts], as the library's views of single
/// frames.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings.h"
#include "keypoints/decode.h"
#include "keypoints/scoremap.h"

namespace posse {

/// Where a map's cells lie in the frame: pixels per cell along both axes; or those along columns,
/// those along rows, and x and y of the first cell's corner.
using CellPlaces = std::variant<double, std::array<double, 4>>;

/// One member's maps, checked; the arrays must outlive the views.
/// @param locref  [frames, height, width, bodyparts, xy] in units of `locref_stdev`, or none.
/// @throws Error(shape_mismatch, invalid_value)
std::vector<ScoremapView> frame_views(const FloatArray& logits,
                                      const std::optional<FloatArray>& locref,
                                      const CellPlaces& places, double locref_stdev);

/// "dgp" or "dlc". @throws Error(usage)
DecodeRule decode_rule_of(const std::string& name);

/// Keypoints of consecutive frames being filled in: xy [frames, bodyparts, 2] and likelihood
/// [frames, bodyparts].
struct KeypointArrays {
  DoubleArray xy;
  DoubleArray likelihood;

  KeypointArrays(size_t num_frames, size_t num_bodyparts);
  void set(size_t frame, size_t bodypart, const Keypoint& keypoint);
};

}  // namespace posse
