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
  /// [bodyparts]
  std::vector<std::string> bodyparts;
  /// [frames]
  std::vector<int64_t> frame_index;
  /// Smoothed position in px; NaN for a coordinate without any observation.
  FrameArray position;
  /// Variance of that in px^2; NaN likewise.
  FrameArray posterior_variance;
  /// Median or mean of the members in px; NaN where none is finite.
  FrameArray ensemble_position;
  /// Variance that the filter took for the observation's, px^2.
  FrameArray ensemble_variance;
  /// Mean of the members, lanes [bodyparts].
  FrameArray likelihood;
  /// [bodyparts]; empty where they share others.
  std::vector<SmoothingParameter> parameters;
  /// Bodyparts without a finite prediction in any frame: left NaN.
  std::vector<std::string> unobserved_bodyparts;
  /// Sentences about keypoints; those of several cameras are with the first camera.
  std::vector<std::string> warnings;
  /// False: made from one member, so that variances are 1 / likelihood and mean little.
  bool calibrated = true;

  /// Smoothed positions with the members' likelihood; likelihood 0 where the position is NaN.
  Poses poses() const;
};

/// Bodyparts of which no coordinate has a finite value. Lanes [bodyparts, xy].
std::vector<std::string> unobserved(const std::vector<std::string>& bodyparts,
                                    const FrameArray& position);

}  // namespace posse
