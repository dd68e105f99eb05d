/// Converts decoded libav frames to RGB pictures. Private to src/video.
#pragma once

#include "base/image.h"
#include "video/libav.h"

namespace posse {

/// How stored rows and columns become shown ones: transpose first, then the mirrors.
struct Orientation {
  bool transpose = false;
  bool mirror_columns = false;  ///< left and right exchanged
  bool mirror_rows = false;     ///< top and bottom exchanged

  bool is_identity() const { return !transpose && !mirror_columns && !mirror_rows; }
  /// The clockwise turn (0, 90, 180, 270) it holds; a mirror image counts as the turn that remains
  /// without the mirror.
  int rotation_degrees() const;
  bool operator==(const Orientation&) const = default;
};

/// The orientation of a 3x3 display matrix (libavutil/display.h, 16.16 fixed point, nine values);
/// identity for a null pointer. `exact` tells whether the matrix is a multiple of 90 degrees; other
/// angles give the nearest.
Orientation orientation_of_display_matrix(const int32_t* matrix, bool* exact);

/// Converts frames to RGB, keeping the conversion's tables between frames.
///
/// The bytes are those of `ffmpeg -i VIDEO -vf scale=W:H -sws_flags bicubic -pix_fmt rgb24` with
/// the same libswscale: bicubic flag, colour matrix and range from the frame's own tags, MPEG-2
/// chroma siting for yuv420p.
class RgbConverter {
 public:
  /// @throws Error(unsupported) if libswscale cannot read the frame's pixel format.
  void convert(const AVFrame& frame, const Orientation& orientation, Image& image);

 private:
  void prepare(const AVFrame& frame);
  void scale(const AVFrame& frame, uint8_t* target, int stride);

  libav::Owned<SwsContext> context_;
  libav::Owned<AVFrame> padded_;
  int width_ = 0;
  int height_ = 0;
  int format_ = -1;
  int colour_space_ = -1;
  int colour_range_ = -1;
  Image upright_;
};

/// `source` turned and mirrored.
void apply_orientation(const Image& source, const Orientation& orientation, Image& target);

}  // namespace posse
