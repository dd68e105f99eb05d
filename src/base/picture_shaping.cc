#include "base/picture_shaping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

constexpr int kMostSide = 32'768;

/// Source pixels and weights of the pixels of one target axis, `taps` each.
template <class Weight>
struct Axis {
  int taps = 2;
  std::vector<int> pixels;
  std::vector<Weight> weights;
};

/// The pixel before a target pixel's place, and how far behind it that place lies.
template <class Real>
struct Place {
  int before = 0;
  Real share = 0;
};

template <class Real>
Place<Real> place_of(int target, int to, int from) {
  const double scale = static_cast<double>(from) / to;
  const auto place = static_cast<Real>((target + 0.5) * scale - 0.5);
  const int before = static_cast<int>(std::floor(place));
  return {before, place - static_cast<Real>(before)};
}

constexpr int kUnit = 2048;  // of a weight

/// @param clamp_share  beyond the outermost pixels a single one counts; else both weights stay,
///     which loses part of a step: OpenCV does the first along rows, the second across them
Axis<int> linear_axis(int to, int from, bool clamp_share) {
  Axis<int> axis;
  for (int i = 0; i < to; ++i) {
    Place<float> place = place_of<float>(i, to, from);
    if (clamp_share && (place.before < 0 || place.before >= from - 1)) {
      place = {std::clamp(place.before, 0, from - 1), 0};
    }
    for (int k = 0; k < 2; ++k) {
      const float share = k == 0 ? 1 - place.share : place.share;
      axis.pixels.push_back(std::clamp(place.before + k, 0, from - 1));
      axis.weights.push_back(static_cast<int>(std::nearbyint(share * kUnit)));
    }
  }
  return axis;
}

Axis<double> cubic_axis(int to, int from) {
  constexpr double kA = -0.75;
  Axis<double> axis{.taps = 4, .pixels = {}, .weights = {}};
  for (int i = 0; i < to; ++i) {
    const Place<double> place = place_of<double>(i, to, from);
    const double x = place.share;
    const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
    const double first = ((kA * (x + 1) - 5 * kA) * (x + 1) + 8 * kA) * (x + 1) - 4 * kA;
    const double second = near(x);
    const double third = near(1 - x);
    for (const double weight : {first, second, third, 1 - first - second - third}) {
      axis.weights.push_back(weight);
    }
    for (int k = -1; k <= 2; ++k) {
      axis.pixels.push_back(std::clamp(place.before + k, 0, from - 1));
    }
  }
  return axis;
}

/// Rows of `from` resized along the row: values[row * to.width * 3 + 3 * col + colour].
template <class Weight>
std::vector<Weight> resized_rows(const Image& from, int width, const Axis<Weight>& axis) {
  std::vector<Weight> values(static_cast<size_t>(from.height) * static_cast<size_t>(width) * 3);
  auto out = values.begin();
  for (int row = 0; row < from.height; ++row) {
    const uint8_t* line = from.pixel(row, 0);
    for (int col = 0; col < width; ++col) {
      for (int colour = 0; colour < 3; ++colour) {
        Weight sum = 0;
        for (int k = 0; k < axis.taps; ++k) {
          const auto tap = static_cast<size_t>(col * axis.taps + k);
          sum += static_cast<Weight>(line[3 * axis.pixels[tap] + colour]) * axis.weights[tap];
        }
        *out++ = sum;
      }
    }
  }
  return values;
}

/// Combines resized rows to the rows of `to`. @param combine  (rows, weights, offset in a row)
template <class Weight, class Combine>
void join_rows(const std::vector<Weight>& rows, const Axis<Weight>& axis, Image& to,
               const Combine& combine) {
  const size_t length = static_cast<size_t>(to.width) * 3;
  std::vector<const Weight*> taps(static_cast<size_t>(axis.taps));
  for (int row = 0; row < to.height; ++row) {
    const size_t first = static_cast<size_t>(row) * taps.size();
    for (size_t k = 0; k < taps.size(); ++k) {
      taps[k] = rows.data() + static_cast<size_t>(axis.pixels[first + k]) * length;
    }
    uint8_t* out = to.pixel(row, 0);
    for (size_t i = 0; i < length; ++i) out[i] = combine(taps.data(), &axis.weights[first], i);
  }
}

void resize_linear(const Image& from, Image& to) {
  // Products are cut where OpenCV's vector code cuts them.
  const auto combine = [](const int* const* rows, const int* weights, size_t i) {
    const int sum =
        (((rows[0][i] >> 4) * weights[0]) >> 16) + (((rows[1][i] >> 4) * weights[1]) >> 16);
    return static_cast<uint8_t>(std::clamp((sum + 2) >> 2, 0, 255));
  };
  const Axis<int> columns = linear_axis(to.width, from.width, true);
  join_rows(resized_rows(from, to.width, columns), linear_axis(to.height, from.height, false), to,
            combine);
}

void resize_cubic(const Image& from, Image& to) {
  const auto combine = [](const double* const* rows, const double* weights, size_t i) {
    double sum = 0;
    for (int k = 0; k < 4; ++k) sum += rows[k][i] * weights[k];
    return static_cast<uint8_t>(std::clamp(std::nearbyint(sum), 0.0, 255.0));
  };
  const Axis<double> columns = cubic_axis(to.width, from.width);
  join_rows(resized_rows(from, to.width, columns), cubic_axis(to.height, from.height), to, combine);
}

struct Pads {
  int before = 0;
  int after = 0;
};

Pads pads_of(const PaddedLength& wanted, int length, bool at_start, bool at_end) {
  int missing = 0;
  if (wanted.least > 0) {
    missing = std::max(0, wanted.least - length);
  } else if (length % wanted.divisor != 0) {
    missing = wanted.divisor - length % wanted.divisor;
  }
  if (at_start) return {0, missing};
  if (at_end) return {missing, 0};
  return {missing / 2, missing - missing / 2};
}

/// Pads of a picture: above and below, left and right.
std::pair<Pads, Pads> pads_of(const PicturePadding& padding, PictureSize size) {
  const PaddedPlace place = padding.place;
  const bool top = place == PaddedPlace::top_left || place == PaddedPlace::top_right;
  const bool bottom = place == PaddedPlace::bottom_left || place == PaddedPlace::bottom_right;
  const bool left = place == PaddedPlace::top_left || place == PaddedPlace::bottom_left;
  const bool right = place == PaddedPlace::top_right || place == PaddedPlace::bottom_right;
  return {pads_of(padding.rows, size.height, top, bottom),
          pads_of(padding.columns, size.width, left, right)};
}

/// Mirrored at the first and the last, which are not repeated.
int reflected(int place, int length) {
  if (length == 1) return 0;
  const int period = 2 * (length - 1);
  const int within = ((place % period) + period) % period;
  return std::min(within, period - within);
}

Image padded(const Image& from, const PicturePadding& padding) {
  const auto [rows, columns] = pads_of(padding, {from.height, from.width});
  Image to(from.width + columns.before + columns.after, from.height + rows.before + rows.after);
  for (int row = 0; row < to.height; ++row) {
    const int y = row - rows.before;
    for (int col = 0; col < to.width; ++col) {
      const int x = col - columns.before;
      const bool inside = y >= 0 && y < from.height && x >= 0 && x < from.width;
      const uint8_t* pixel = inside || padding.reflect
                                 ? from.pixel(reflected(y, from.height), reflected(x, from.width))
                                 : padding.value.data();
      std::copy_n(pixel, 3, to.pixel(row, col));
    }
  }
  return to;
}

/// The size that a picture takes within a larger or smaller one, its ratio kept.
PictureSize fitted(PictureSize picture, PictureSize into) {
  const double scale = std::min(static_cast<double>(into.height) / picture.height,
                                static_cast<double>(into.width) / picture.width);
  return {static_cast<int>(picture.height * scale), static_cast<int>(picture.width * scale)};
}

PictureSize with_longest_side(PictureSize picture, int side) {
  const double scale = static_cast<double>(side) / std::max(picture.height, picture.width);
  return {static_cast<int>(std::nearbyint(picture.height * scale)),
          static_cast<int>(std::nearbyint(picture.width * scale))};
}

/// Tells a visitor of every step in turn: visitor.resize(size, filter), visitor.pad(padding).
template <class Visitor>
void walk(const PictureShaping& shaping, PictureSize size, Visitor& visitor) {
  if (shaping.resize) {
    const PictureShaping::Resizing& resizing = *shaping.resize;
    const PictureSize to = resizing.keep_ratio ? fitted(size, resizing.size) : resizing.size;
    size = visitor.resize(to, resizing.filter);
    if (resizing.keep_ratio) {
      size = visitor.pad(
          {.rows = {.least = resizing.size.height}, .columns = {.least = resizing.size.width}});
    }
  }
  if (shaping.longest_side > 0) {
    size = visitor.resize(with_longest_side(size, shaping.longest_side), PictureFilter::linear);
  }
  if (shaping.padding) visitor.pad(*shaping.padding);
}

struct GeometryVisitor {
  ShapedGeometry geometry;

  PictureSize resize(PictureSize to, PictureFilter) {
    check(to);
    geometry.scale_x *= static_cast<double>(geometry.size.width) / to.width;
    geometry.scale_y *= static_cast<double>(geometry.size.height) / to.height;
    return geometry.size = to;
  }
  PictureSize pad(const PicturePadding& padding) {
    const auto [rows, columns] = pads_of(padding, geometry.size);
    geometry.offset_x -= columns.before * geometry.scale_x;
    geometry.offset_y -= rows.before * geometry.scale_y;
    geometry.size.height += rows.before + rows.after;
    geometry.size.width += columns.before + columns.after;
    check(geometry.size);
    return geometry.size;
  }
  void check(PictureSize to) const {
    const bool fits =
        to.height >= 1 && to.width >= 1 && to.height <= kMostSide && to.width <= kMostSide;
    if (fits) return;
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("frames of {}x{} pixels would become {}x{} in front of the network",
                            geometry.size.width, geometry.size.height, to.width, to.height),
                {.hint = "'resize', 'longest_max_size' and 'auto_padding' of the network's "
                         "configuration say so"});
  }
};

struct PictureVisitor {
  Image picture;

  PictureSize resize(PictureSize to, PictureFilter filter) {
    if (to == PictureSize{picture.height, picture.width}) return to;
    Image resized;
    resize_picture(picture, to, filter, resized);
    picture = std::move(resized);
    return to;
  }
  PictureSize pad(const PicturePadding& padding) {
    picture = padded(picture, padding);
    return {picture.height, picture.width};
  }
};

}  // namespace

void resize_picture(const Image& from, PictureSize size, PictureFilter filter, Image& to) {
  POSSE_ASSERT(&from != &to && from.width > 0 && from.height > 0);
  to.width = size.width;
  to.height = size.height;
  to.rgb.resize(static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3);
  if (filter == PictureFilter::linear) {
    resize_linear(from, to);
  } else {
    resize_cubic(from, to);
  }
}

std::string to_string(const PictureShaping& shaping) {
  std::vector<std::string> parts;
  if (shaping.resize) {
    const auto& [size, keep_ratio, filter] = *shaping.resize;
    parts.push_back(fmt::format("resized to {}x{} pixels{}{}", size.width, size.height,
                                filter == PictureFilter::cubic ? ", cubic" : ", linear",
                                keep_ratio ? ", ratio kept" : ""));
  }
  if (shaping.longest_side > 0) {
    parts.push_back(fmt::format("longest side resized to {} pixels", shaping.longest_side));
  }
  if (shaping.padding) {
    const PicturePadding& padding = *shaping.padding;
    const auto length = [](const PaddedLength& side) {
      return side.least > 0 ? fmt::format("{} pixels", side.least)
                            : fmt::format("a multiple of {}", side.divisor);
    };
    constexpr std::array kPlaces = {"top left", "top right", "centre", "bottom left",
                                    "bottom right"};
    const std::string filling =
        padding.reflect ? "by reflection" : fmt::format("with {}", fmt::join(padding.value, ","));
    parts.push_back(fmt::format("padded to {} in width and {} in height, frame at {}, {}",
                                length(padding.columns), length(padding.rows),
                                kPlaces[static_cast<size_t>(padding.place)], filling));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

ShapedGeometry shaped_geometry(const PictureShaping& shaping, PictureSize picture) {
  GeometryVisitor visitor{.geometry = {.size = picture}};
  walk(shaping, picture, visitor);
  return visitor.geometry;
}

Image shape_picture(const PictureShaping& shaping, const Image& picture) {
  const PictureSize size{picture.height, picture.width};
  shaped_geometry(shaping, size);  // throws for what cannot be
  PictureVisitor visitor{.picture = picture};
  walk(shaping, size, visitor);
  return std::move(visitor.picture);
}

}  // namespace posse
