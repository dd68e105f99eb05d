/// Checks whether keypoints stay where they are when networks compute with fewer digits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ensemble/frame_result.h"

namespace posse {

/// Frames that are looked at, at most. With four bodyparts they give 128 keypoints a member: enough
/// for the 99th percentile to be more than the largest.
inline constexpr size_t kPrecisionFrames = 32;
/// How far keypoints may lie from those of float32, in pixels: a tenth of what people who label
/// differ by, at the 99th percentile; a hundredth in the middle.
inline constexpr double kMostMedianShift = 0.02;
inline constexpr double kMostP99Shift = 0.2;
/// Keypoints below this likelihood are passed over. Where a bodypart is not seen its map is flat,
/// and rounding decides where the highest of equally low cells lies.
inline constexpr double kLeastLikelihood = 0.1;

/// Distances of one member's keypoints.
struct KeypointShift {
  std::string member;
  int64_t num_keypoints = 0;  ///< at or above kLeastLikelihood in float32
  double median_px = 0;       ///< NaN without keypoints; infinite where half of them are missing
  double p99_px = 0;          ///< nearest rank; likewise
};

struct PrecisionCheck {
  int num_frames = 0;
  std::vector<KeypointShift> members;
};

/// @param exact, coarse  of the same frames. @param names  of the members
PrecisionCheck compare_keypoints(std::span<const FrameResult> exact,
                                 std::span<const FrameResult> coarse,
                                 std::span<const std::string> names);

/// @throws Error(unavailable), with the member and its numbers, where a bound is exceeded, or where
/// a member has no keypoint that could be compared. @param precision  "fp16"
void require_precision(const PrecisionCheck& check, std::string_view precision);

}  // namespace posse
