/// Smooths two paws that are seen by two cameras with clocks and rates of their own.
#pragma once

#include <array>
#include <span>
#include <string>

#include "base/poses.h"
#include "smoothing/models/several_cameras.h"

namespace posse {

/// One side's recording.
struct PawRecording {
  std::span<const Poses> members;
  /// [frames], strictly increasing, in the clock both sides share.
  std::span<const double> timestamps;
};

struct PawOptions {
  PawOptions() { cameras.ensemble.variance = VarianceMode::plain; }
  /// Plain variances unless asked otherwise, as in eks.
  SeveralCamerasOptions cameras;
  /// A paw's name in the left recording is the other's in the right.
  std::array<std::string, 2> names{"paw_l", "paw_r"};
  /// Width in px; the right recording is mirrored about its middle for smoothing.
  double image_width = 128;
  /// Leave the result as it was smoothed: right camera mirrored, with the left one's names,
  /// unmatched frames dropped.
  bool keep_working_frame = false;
};

/// Smooths both paws on the left camera's frames.
///
/// The right side's points and likelihoods are interpolated linearly to the left side's times, but
/// not across frame numbers that are not there, where nothing is seen; left frames outside the
/// right side's recording take no part and come out NaN. Cameras are called "left" and "right";
/// frames are the left ones'.
/// @throws Error(shape_mismatch) where timestamps and rows, or members, differ in number;
/// Error(invalid_value) for timestamps that do not increase or do not overlap; Error(not_found) for
/// a missing paw. Source: fit_eks_ibl_paw of eks 4.6.2; unlike it, results are in the images'
/// coordinates and names.
SmoothedCameras smooth_paws(const PawRecording& left, const PawRecording& right,
                            const PawOptions& options = {});

}  // namespace posse
