/// Turns a frame's looks and its pose into a point of a feature space.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/image.h"
#include "base/point.h"
#include "study/suggest/centres.h"

namespace posse {

inline constexpr int kLookSide = 64;

/// The picture in 64 x 64 grey levels; empty: there is none.
using Look = std::vector<uint8_t>;

Look look_of(const Image& image);

/// Whether nothing in the picture differs that could be the animal: less than 1.5 levels in the
/// mean and less than 12 anywhere. Pictures that are not there differ.
bool looks_alike(const Look& a, const Look& b);

/// A frame before it becomes a point: its keypoints and its look.
struct FrameFeatures {
  std::vector<Point> pose;  ///< [bodyparts]; NaN where missing
  Look look;
};

/// Points of frames in one space, [frames, width]: the pose, centred at its mean and divided by the
/// root mean square of all frames' poses about theirs, missing bodyparts at the frames' mean; and
/// 32 principal components of the looks, if all frames have one. Each of both is divided by its
/// root mean square distance between frames, so that they weigh the same. Deterministic: components
/// by subspace iteration from a fixed start over at most 1,000 frames.
FeatureRows feature_rows(std::span<const FrameFeatures> frames);

}  // namespace posse
