#include "video/overlay_shapes.h"

#include <algorithm>
#include <cmath>

#include "video/bitmap_font.h"

namespace posse {
namespace {

// Anti-aliased shapes: a pixel's share of the colour is the part of a one-pixel ramp that the
// shape's edge leaves it.

struct Box {
  int left, top, right, bottom;  // half-open
};

// The picture's pixels within `reach` of (x, y).
Box box_around(const Image& image, double x, double y, double reach_x, double reach_y) {
  const auto low = [](double value, int size) {
    return static_cast<int>(std::clamp(std::floor(value), 0.0, double(size)));
  };
  return {low(x - reach_x, image.width), low(y - reach_y, image.height),
          low(x + reach_x + 2, image.width), low(y + reach_y + 2, image.height)};
}

void mix(uint8_t* pixel, const Colour& colour, double share) {
  for (size_t c = 0; c < 3; ++c) {
    const double value = pixel[c] + share * (colour[c] - pixel[c]);
    pixel[c] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
}

// Mixes the colour where distance(x, y), negative inside, says so.
template <typename Distance>
void fill(Image& image, const Box& box, const Colour& colour, double opacity, Distance distance) {
  for (int row = box.top; row < box.bottom; ++row) {
    for (int col = box.left; col < box.right; ++col) {
      const double share = std::clamp(0.5 - distance(col, row), 0.0, 1.0) * opacity;
      if (share > 0) mix(image.pixel(row, col), colour, share);
    }
  }
}

}  // namespace

void draw_disc(Image& image, double x, double y, double radius, Colour colour, double opacity) {
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  fill(image, box_around(image, x, y, radius + 1, radius + 1), colour, opacity,
       [&](double col, double row) { return std::hypot(col - x, row - y) - radius; });
}

void draw_ring(Image& image, double x, double y, double radius, double line_width, Colour colour,
               double opacity) {
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  const double reach = radius + line_width + 1;
  fill(image, box_around(image, x, y, reach, reach), colour, opacity, [&](double col, double row) {
    return std::abs(std::hypot(col - x, row - y) - radius) - line_width / 2;
  });
}

void draw_line(Image& image, double x1, double y1, double x2, double y2, double line_width,
               Colour colour, double opacity) {
  if (!std::isfinite(x1) || !std::isfinite(y1) || !std::isfinite(x2) || !std::isfinite(y2)) return;
  const double dx = x2 - x1;
  const double dy = y2 - y1;
  const double length_squared = dx * dx + dy * dy;
  const Box box = box_around(image, (x1 + x2) / 2, (y1 + y2) / 2, std::abs(dx) / 2 + line_width + 1,
                             std::abs(dy) / 2 + line_width + 1);
  fill(image, box, colour, opacity, [&](double col, double row) {
    const double along =
        length_squared > 0
            ? std::clamp(((col - x1) * dx + (row - y1) * dy) / length_squared, 0.0, 1.0)
            : 0;
    return std::hypot(col - x1 - along * dx, row - y1 - along * dy) - line_width / 2;
  });
}

void draw_ellipse(Image& image, double x, double y, const Covariance& covariance, double sigmas,
                  double line_width, Colour colour, double opacity) {
  const auto [xx, xy, yy] = covariance;
  if (!std::isfinite(x) || !std::isfinite(y) || !std::isfinite(xx) || !std::isfinite(xy) ||
      !std::isfinite(yy))
    return;
  const double mean = (xx + yy) / 2;
  const double half_spread = std::hypot((xx - yy) / 2, xy);
  const double tolerance = 1e-9 * std::max(1.0, mean);
  if (sigmas <= 0 || mean < 0 || mean - half_spread < -tolerance) return;
  const double thinnest = 0.5 / sigmas;  // standard deviation of an axis of half a pixel
  const double major = std::max(std::sqrt(mean + half_spread), thinnest);
  const double minor = std::max(std::sqrt(std::max(0.0, mean - half_spread)), thinnest);
  const double angle = half_spread > 0 ? 0.5 * std::atan2(2 * xy, xx - yy) : 0;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double reach = sigmas * major + line_width + 1;
  fill(image, box_around(image, x, y, reach, reach), colour, opacity, [&](double col, double row) {
    const double u = (cosine * (col - x) + sine * (row - y)) / major;
    const double v = (cosine * (row - y) - sine * (col - x)) / minor;
    const double norm = std::hypot(u, v);
    if (norm == 0) return sigmas * minor;
    // First-order distance to the curve: value over gradient.
    const double gradient = std::hypot(u / major, v / minor) / norm;
    return std::abs(norm - sigmas) / gradient - line_width / 2;
  });
}

void draw_text(Image& image, int col, int row, std::string_view text, int scale, Colour colour) {
  int left = col;
  for (const char character : text) {
    if ((static_cast<unsigned char>(character) & 0xC0U) == 0x80U) continue;  // inside a code point
    const auto& rows = glyph(character);
    for (int y = 0; y < kGlyphRows * scale; ++y) {
      for (int x = 0; x < kGlyphColumns * scale; ++x) {
        const bool is_ink =
            ((rows[static_cast<size_t>(y / scale)] >> (kGlyphColumns - 1 - x / scale)) & 1U) != 0;
        const int at_row = row + y;
        const int at_col = left + x;
        if (!is_ink || at_row < 0 || at_col < 0 || at_row >= image.height || at_col >= image.width)
          continue;
        std::copy(colour.begin(), colour.end(), image.pixel(at_row, at_col));
      }
    }
    left += kGlyphAdvance * scale;
  }
}

}  // namespace posse
