#include "video/resize_image.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <new>

#include "base/error.h"
#include "video/libav.h"

namespace posse {

Image resize_image(const Image& image, int width, int height) {
  if (image.width < 1 || image.height < 1 || width < 1 || height < 1) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("a picture of {}x{} pixels cannot become one of {}x{}: every side must "
                            "have at least 1 pixel",
                            image.width, image.height, width, height));
  }
  if (image.width == width && image.height == height) return image;
  const bool shrinks = width <= image.width && height <= image.height;
  const int flags = (shrinks ? SWS_AREA : SWS_BILINEAR) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
  const libav::Owned<SwsContext> context(sws_getContext(image.width, image.height, AV_PIX_FMT_RGB24,
                                                        width, height, AV_PIX_FMT_RGB24, flags,
                                                        nullptr, nullptr, nullptr));
  const libav::Owned<AVFrame> scaled = libav::make_frame();
  scaled->width = width;
  scaled->height = height;
  scaled->format = AV_PIX_FMT_RGB24;
  // libswscale writes whole vectors: its own rows are longer than the picture's.
  if (!context || av_frame_get_buffer(scaled.get(), 0) < 0) throw std::bad_alloc();
  const std::array<const uint8_t*, 4> planes{image.rgb.data(), nullptr, nullptr, nullptr};
  const std::array<int, 4> strides{3 * image.width, 0, 0, 0};
  sws_scale(context.get(), planes.data(), strides.data(), 0, image.height, scaled->data,
            scaled->linesize);
  Image result(width, height);
  for (int row = 0; row < height; ++row) {
    std::memcpy(result.pixel(row, 0),
                scaled->data[0] + static_cast<ptrdiff_t>(row) * scaled->linesize[0],
                static_cast<size_t>(width) * 3);
  }
  return result;
}

}  // namespace posse
