/// Draws shapes and text into a picture; draw_poses() is made of them.
///
/// Points are in pixels with centres at whole numbers. What lies outside the picture is clipped.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/image.h"
#include "base/point.h"

namespace posse {

using Colour = std::array<uint8_t, 3>;  ///< red, green, blue

/// An anti-aliased disc mixed into the picture. @param opacity in [0, 1]
void draw_disc(Image& image, double x, double y, double radius, Colour colour, double opacity);

/// An anti-aliased ring of the given line width around the circle.
void draw_ring(Image& image, double x, double y, double radius, double line_width, Colour colour,
               double opacity);

/// An anti-aliased line with round ends.
void draw_line(Image& image, double x1, double y1, double x2, double y2, double line_width,
               Colour colour, double opacity);

/// The ellipse of points at `sigmas` standard deviations from (x, y): (p - c)' S^-1 (p - c) =
/// sigmas^2. Axes shorter than half a pixel are drawn with half a pixel. Not drawn if the
/// covariance has NaN or is not positive semidefinite.
void draw_ellipse(Image& image, double x, double y, const Covariance& covariance, double sigmas,
                  double line_width, Colour colour, double opacity);

/// Text with its upper left corner at (col, row); each font pixel becomes scale x scale pixels.
void draw_text(Image& image, int col, int row, std::string_view text, int scale, Colour colour);

}  // namespace posse
