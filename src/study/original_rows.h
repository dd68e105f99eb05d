/// Computes the numbers of the original package's study for the same pictures.
#pragma once

#include <string>
#include <vector>

#include "study/judge/judged_frames.h"

namespace posse {

/// The original's study of one member: the errors summed over bodyparts, and what its maps say at
/// the labels.
struct OriginalRow {
  std::string name;
  double summed_rmse = 0;  ///< over pictures with every bodypart labelled and found; NaN without
  size_t num_pictures = 0;
  double confidence = 0;  ///< mean probability at the label's cell; NaN for a consensus
  double share = 0;       ///< mean of that probability over the map's sum
};

/// Every member on the pictures that it judges, then every method.
std::vector<OriginalRow> original_rows(const JudgedFrames& judged);

}  // namespace posse
