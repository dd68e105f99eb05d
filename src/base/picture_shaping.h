/// Resizes and pads 8-bit pictures as OpenCV and albumentations do, on whose results networks were
/// trained.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/image.h"

namespace posse {

/// How bytes between pixels are made. Pixel centres lie at half pixels, nothing is averaged where a
/// picture becomes smaller, and the outermost pixels are repeated.
enum class PictureFilter {
  /// OpenCV's INTER_LINEAR on bytes, whose weights are multiples of 1 / 2048: bit for bit.
  linear,
  /// INTER_CUBIC (a = -0.75), in float64, rounded to even. OpenCV's own builds differ in it by one
  /// step in a few of a thousand bytes.
  cubic,
};

struct PictureSize {
  int height = 0;  ///< at least 1
  int width = 0;   ///< at least 1
  bool operator==(const PictureSize&) const = default;
};

/// Resizes a picture, each side by itself. @param to  must not be `from`; its buffer is reused
void resize_picture(const Image& from, PictureSize size, PictureFilter filter, Image& to);

/// Where the picture lies in a padded one.
enum class PaddedPlace { top_left, top_right, center, bottom_left, bottom_right };

/// Padding of one side's length.
struct PaddedLength {
  int least = 0;    ///< at least so many pixels; 0: `divisor` decides
  int divisor = 1;  ///< a multiple of it
  bool operator==(const PaddedLength&) const = default;
};

struct PicturePadding {
  PaddedLength rows, columns;
  PaddedPlace place = PaddedPlace::top_left;
  bool reflect = false;  ///< pixels mirrored at the outermost one, else `value`
  std::array<uint8_t, 3> value = {0, 0, 0};
  bool operator==(const PicturePadding&) const = default;
};

/// What is done to a picture, in this order.
struct PictureShaping {
  struct Resizing {
    PictureSize size;
    /// The picture becomes as large as fits into `size` and is padded with zeros to the right and
    /// below; else its sides are resized each by itself.
    bool keep_ratio = false;
    PictureFilter filter = PictureFilter::linear;
    bool operator==(const Resizing&) const = default;
  };
  std::optional<Resizing> resize;
  int longest_side = 0;  ///< the longer side is resized to it, the other likewise; 0: not resized
  std::optional<PicturePadding> padding;

  bool changes_nothing() const { return !resize && longest_side == 0 && !padding; }
  bool operator==(const PictureShaping&) const = default;
};

/// In words, as "resized to 160x96 (width x height), ratio kept"; empty where nothing is done.
std::string to_string(const PictureShaping& shaping);

/// Size of a shaped picture, and where its points lie in the given one: x * scale_x + offset_x.
struct ShapedGeometry {
  PictureSize size;
  double scale_x = 1;
  double scale_y = 1;
  double offset_x = 0;
  double offset_y = 0;
};

/// @throws Error(shape_mismatch) where nothing of the picture would be left, or more than a side of
///         32,768 pixels would come out
ShapedGeometry shaped_geometry(const PictureShaping& shaping, PictureSize picture);

/// The picture with everything done to it. @throws as shaped_geometry()
/// Source: KeepAspectRatioResize and the order of build_transforms() of deeplabcut's
/// pose_estimation_pytorch/data/transforms.py; LongestMaxSize and PadIfNeeded of albumentations
/// 1.4.3.
Image shape_picture(const PictureShaping& shaping, const Image& picture);

}  // namespace posse
