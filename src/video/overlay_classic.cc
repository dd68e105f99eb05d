#include "video/overlay_classic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace posse {
namespace {

struct Stop {
  double position, value;
};

// Piecewise linear channels of matplotlib's "jet".
constexpr std::array<Stop, 5> kJetRed{{{0, 0}, {0.35, 0}, {0.66, 1}, {0.89, 1}, {1, 0.5}}};
constexpr std::array<Stop, 6> kJetGreen{
    {{0, 0}, {0.125, 0}, {0.375, 1}, {0.64, 1}, {0.91, 0}, {1, 0}}};
constexpr std::array<Stop, 5> kJetBlue{{{0, 0.5}, {0.11, 1}, {0.34, 1}, {0.65, 0}, {1, 0}}};

// Of "cool".
constexpr std::array<Stop, 2> kUp{{{0, 0}, {1, 1}}};
constexpr std::array<Stop, 2> kDown{{{0, 1}, {1, 0}}};

// Entry `entry` of a table of 256, in the order of operations of the original: truncation to bytes
// shows the last bit.
double table_entry(std::span<const Stop> stops, double entry) {
  constexpr double kLast = 255;
  const double index = entry * (1.0 / kLast) * kLast;
  for (size_t i = 1; i < stops.size(); ++i) {
    const double from = stops[i - 1].position * kLast;
    const double to = stops[i].position * kLast;
    if (index > to) continue;
    const double distance = (index - from) / (to - from);
    return distance * (stops[i].value - stops[i - 1].value) + stops[i - 1].value;
  }
  return stops.back().value;
}

}  // namespace

Colour classic_colour(std::string_view colormap, size_t index, size_t number) {
  if (colormap != "jet" && colormap != "cool") {
    throw Error(ErrorKind::invalid_value, fmt::format("colormap '{}' is unknown", colormap),
                {.have = "jet, cool"});
  }
  const double position =
      number > 1 ? static_cast<double>(index) / static_cast<double>(number - 1) : 0;
  const double entry = std::min(std::floor(position * 256), 255.0);
  const auto byte = [](double value) { return static_cast<uint8_t>(value * 255); };
  if (colormap == "cool") {
    return {byte(table_entry(kUp, entry)), byte(table_entry(kDown, entry)), byte(1)};
  }
  return {byte(table_entry(kJetRed, entry)), byte(table_entry(kJetGreen, entry)),
          byte(table_entry(kJetBlue, entry))};
}

void draw_classic(Image& image, std::span<const Keypoint> keypoints, const ClassicStyle& style) {
  if (style.dot_size < 0)
    throw Error(ErrorKind::invalid_value, "the dot size must not be negative");
  const int64_t size = style.dot_size;
  // Far outside nothing is painted; the bound keeps the conversion to integers defined.
  const double most = 1e9;
  for (size_t j = 0; j < keypoints.size(); ++j) {
    const Keypoint& point = keypoints[j];
    if (!(point.likelihood > style.likelihood_above) || !(std::abs(point.x) < most) ||
        !(std::abs(point.y) < most)) {
      continue;
    }
    const Colour colour = classic_colour(style.colormap, j, keypoints.size());
    const int64_t centre_col = std::min<int64_t>(static_cast<int64_t>(point.x), image.width - 1);
    const int64_t centre_row = std::min<int64_t>(static_cast<int64_t>(point.y), image.height - 1);
    for (int64_t row = std::max<int64_t>(0, centre_row - size);
         row <= std::min<int64_t>(image.height - 1, centre_row + size); ++row) {
      for (int64_t col = std::max<int64_t>(0, centre_col - size);
           col <= std::min<int64_t>(image.width - 1, centre_col + size); ++col) {
        const int64_t dx = col - centre_col;
        const int64_t dy = row - centre_row;
        if (dx * dx + dy * dy >= size * size) continue;
        std::copy(colour.begin(), colour.end(),
                  image.pixel(static_cast<int>(row), static_cast<int>(col)));
      }
    }
  }
}

}  // namespace posse
