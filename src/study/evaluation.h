/// Compares poses with ground truth.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/poses.h"

namespace posse {

/// Euclidean distances, in pixels, of one bodypart (or of all) over the frames that have both a
/// pose and a label.
struct ErrorSummary {
  std::string bodypart;     ///< "all" for the summary over every point
  int64_t num_points = 0;   ///< pairs in which neither side is NaN
  int64_t num_missing = 0;  ///< labelled points without a pose
  double rmse = 0;          ///< sqrt(mean d^2); NaN without points
  double median = 0;        ///< NaN without points
  double share_above = 0;   ///< of points with d > threshold, in [0, 1]; NaN without points
};

/// One summary per bodypart of `truth` that `poses` has too, in the order of `truth`, then one over
/// all points.
///
/// Rows are matched by frame_index; frames that only one side has are ignored. NaN on either side
/// takes a pair out; a labelled point whose pose is NaN is counted in num_missing.
/// @param threshold  for share_above, in pixels
std::vector<ErrorSummary> compare_with_truth(const Poses& poses, const Poses& truth,
                                             double threshold);

}  // namespace posse
