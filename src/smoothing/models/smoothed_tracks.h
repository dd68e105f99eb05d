/// The result of smoothing, whichever camera model made it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/frame_array.h"
#include "base/poses.h"
#include "smoothing/tuning/tuning.h"

namespace posse {

/// Smoothed keypoints of one camera with their uncertainty. Arrays have lanes [bodyparts, xy]
/// unless said otherwise.
struct SmoothedTracks {
  std::vector<std::string> bodyparts;  ///< [bodyparts]
  std::vector<int64_t> frame_index;    ///< [frames]
  FrameArray position;            ///< smoothed, px; NaN for a coordinate without any observation
  FrameArray posterior_variance;  ///< px^2; NaN likewise
  FrameArray ensemble_position;   ///< median or mean of the members, px; NaN where none is finite
  FrameArray ensemble_variance;   ///< what the filter believed, px^2
  FrameArray likelihood;          ///< mean of the members, lanes [bodyparts]
  std::vector<SmoothingParameter> parameters;  ///< [bodyparts]; empty where they share others
  std::vector<std::string>
      unobserved_bodyparts;           ///< without a finite prediction in any frame: left NaN
  std::vector<std::string> warnings;  ///< about keypoints; several cameras': with the first camera
  bool calibrated = true;  ///< false: from one member, variances are 1 / likelihood and mean little

  /// Smoothed positions with the members' likelihood; likelihood 0 where the position is NaN.
  Poses poses() const;
};

/// Bodyparts of which no coordinate has a finite value. Lanes [bodyparts, xy].
std::vector<std::string> unobserved(const std::vector<std::string>& bodyparts,
                                    const FrameArray& position);

}  // namespace posse
