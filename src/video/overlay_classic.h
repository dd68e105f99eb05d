/// Draws poses as DeepGraphPose and DeepLabCut draw them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/poses.h"
#include "video/overlay_shapes.h"

namespace posse {

/// The look of DeepGraphPose's and DeepLabCut's labelled videos, pixel by pixel.
struct ClassicStyle {
  int dot_size = 3;               ///< every pixel nearer than this to the centre is painted
  std::string colormap = "jet";   ///< jet or cool
  double likelihood_above = 0.1;  ///< points at or below it are left out
};

/// Opaque discs without anti-aliasing, centred on truncated coordinates, later bodyparts on top.
/// @throws Error(invalid_value) for an unknown colormap or a dot size below 0.
/// Source: create_annotated_movie and make_cmap of DeepGraphPose; utils/make_labeled_video.py of
/// DeepLabCut 2.1.
void draw_classic(Image& image, std::span<const Keypoint> keypoints,
                  const ClassicStyle& style = {});

/// The colour of bodypart `index` of `number` in a classic picture. @throws Error(invalid_value)
Colour classic_colour(std::string_view colormap, size_t index, size_t number);

}  // namespace posse
