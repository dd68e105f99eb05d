#include "video/rgb_converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

#include "base/error.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace posse {
namespace {

// The vertical chroma position that ffmpeg's scale filter gives to yuv420p (in 1/256 of a luma
// row): MPEG-2 siting.
constexpr int kMpeg2ChromaRow = 128;

// libswscale's fast loops work on blocks of columns and leave the last block out when a row has no
// room for all of it, so rows that are no multiple of this go through a buffer with padded rows
// (which is what ffmpeg itself has).
constexpr int kBlockColumns = 32;

}  // namespace

int Orientation::rotation_degrees() const {
  if (transpose) return mirror_columns ? 90 : 270;
  return mirror_rows && mirror_columns ? 180 : 0;
}

Orientation orientation_of_display_matrix(const int32_t* matrix, bool* exact) {
  *exact = true;
  if (matrix == nullptr) return {};
  // (x, y) of the stored picture is shown at (m0 x + m3 y, m1 x + m4 y).
  const double xx = matrix[0];
  const double yx = matrix[1];
  const double xy = matrix[3];
  const double yy = matrix[4];
  const double straight = std::abs(xx) + std::abs(yy);
  const double crossed = std::abs(xy) + std::abs(yx);
  if (straight == 0 && crossed == 0) return {};
  *exact = std::min(straight, crossed) < 0.02 * std::max(straight, crossed);  // about one degree
  if (crossed > straight)
    return {.transpose = true, .mirror_columns = xy < 0, .mirror_rows = yx < 0};
  return {.transpose = false, .mirror_columns = xx < 0, .mirror_rows = yy < 0};
}

void apply_orientation(const Image& source, const Orientation& orientation, Image& target) {
  const int width = orientation.transpose ? source.height : source.width;
  const int height = orientation.transpose ? source.width : source.height;
  if (target.width != width || target.height != height) target = Image(width, height);
  for (int row = 0; row < height; ++row) {
    const int from_row = orientation.mirror_rows ? height - 1 - row : row;
    for (int col = 0; col < width; ++col) {
      const int from_col = orientation.mirror_columns ? width - 1 - col : col;
      const uint8_t* from = orientation.transpose ? source.pixel(from_col, from_row)
                                                  : source.pixel(from_row, from_col);
      std::copy_n(from, 3, target.pixel(row, col));
    }
  }
}

void RgbConverter::prepare(const AVFrame& frame) {
  if (context_ && frame.width == width_ && frame.height == height_ && frame.format == format_ &&
      frame.colorspace == colour_space_ && frame.color_range == colour_range_) {
    return;
  }
  context_.reset(sws_alloc_context());
  if (!context_) throw std::bad_alloc();
  const auto set = [this](const char* name, int64_t value) {
    av_opt_set_int(context_.get(), name, value, 0);
  };
  set("srcw", frame.width);
  set("srch", frame.height);
  set("src_format", frame.format);
  set("dstw", frame.width);
  set("dsth", frame.height);
  set("dst_format", AV_PIX_FMT_RGB24);
  set("sws_flags", SWS_BICUBIC);
  if (frame.format == AV_PIX_FMT_YUV420P) set("src_v_chr_pos", kMpeg2ChromaRow);
  const int status = sws_init_context(context_.get(), nullptr, nullptr);
  if (status < 0) {
    context_.reset();
    throw Error(ErrorKind::unsupported,
                fmt::format("pixel format {} of a {}x{} picture cannot be converted to RGB: {}",
                            libav::pixel_format_name(frame.format), frame.width, frame.height,
                            libav::error_text(status)));
  }
  int* matrix = nullptr;
  int* output_matrix = nullptr;
  int full_range = 0;
  int output_full_range = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  if (sws_getColorspaceDetails(context_.get(), &matrix, &full_range, &output_matrix,
                               &output_full_range, &brightness, &contrast, &saturation) >= 0) {
    const int* tagged = sws_getCoefficients(frame.colorspace);
    if (frame.color_range != AVCOL_RANGE_UNSPECIFIED)
      full_range = frame.color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(context_.get(), tagged, full_range, tagged, output_full_range,
                             brightness, contrast, saturation);
  }
  if (frame.width % kBlockColumns != 0) {
    padded_ = libav::make_frame();
    padded_->width = frame.width;
    padded_->height = frame.height;
    padded_->format = AV_PIX_FMT_RGB24;
    if (av_frame_get_buffer(padded_.get(), 0) < 0) throw std::bad_alloc();
  }
  width_ = frame.width;
  height_ = frame.height;
  format_ = frame.format;
  colour_space_ = frame.colorspace;
  colour_range_ = frame.color_range;
}

void RgbConverter::convert(const AVFrame& frame, const Orientation& orientation, Image& image) {
  prepare(frame);
  Image& target = orientation.is_identity() ? image : upright_;
  if (target.width != frame.width || target.height != frame.height)
    target = Image(frame.width, frame.height);
  if (frame.width % kBlockColumns == 0) {
    scale(frame, target.rgb.data(), 3 * frame.width);
  } else {
    scale(frame, padded_->data[0], padded_->linesize[0]);
    const size_t row_bytes = static_cast<size_t>(frame.width) * 3;
    for (int row = 0; row < frame.height; ++row) {
      std::memcpy(target.pixel(row, 0),
                  padded_->data[0] + static_cast<ptrdiff_t>(row) * padded_->linesize[0], row_bytes);
    }
  }
  if (!orientation.is_identity()) apply_orientation(upright_, orientation, image);
}

void RgbConverter::scale(const AVFrame& frame, uint8_t* target, int stride) {
  const std::array<uint8_t*, 4> planes{target, nullptr, nullptr, nullptr};
  const std::array<int, 4> strides{stride, 0, 0, 0};
  const int rows = sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height,
                             planes.data(), strides.data());
  if (rows == frame.height) return;
  throw Error(ErrorKind::unsupported, fmt::format("a {} picture could not be converted to RGB",
                                                  libav::pixel_format_name(frame.format)));
}

}  // namespace posse
