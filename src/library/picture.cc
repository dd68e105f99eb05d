#include "library/picture.h"

#include <fmt/format.h>

#include <cstring>

#include "base/error.h"

namespace posse {
namespace {

constexpr int kMostPixels = 1 << 16;  // on a side
// Planes of the largest pictures lie nearer to each other; more is a number that was not set.
constexpr ptrdiff_t kLargestStep = ptrdiff_t{1} << 34;

struct Steps {
  ptrdiff_t row, column, channel;
};

Steps steps_of(const posse_image& picture, int channels) {
  if (picture.row_step == 0 && picture.column_step == 0 && picture.channel_step == 0) {
    return {static_cast<ptrdiff_t>(picture.width) * channels, channels, 1};
  }
  if (picture.row_step == 0 || picture.column_step == 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("row_step is {} and column_step is {}: give both, or none for packed "
                            "rows of pixels",
                            picture.row_step, picture.column_step));
  }
  for (const ptrdiff_t step : {picture.row_step, picture.column_step, picture.channel_step}) {
    if (step >= -kLargestStep && step <= kLargestStep) continue;
    throw Error(ErrorKind::invalid_value,
                fmt::format("a step of the image is {} bytes; {} to {} are possible", step,
                            -kLargestStep, kLargestStep));
  }
  return {picture.row_step, picture.column_step, picture.channel_step};
}

}  // namespace

Image image_of(const posse_image& picture) {
  if (picture.pixels == nullptr) throw Error(ErrorKind::usage, "image.pixels is NULL");
  if (picture.width < 1 || picture.height < 1 || picture.width > kMostPixels ||
      picture.height > kMostPixels) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("the image is {}x{} pixels; each must be 1 to {}", picture.width,
                            picture.height, kMostPixels));
  }
  const int channels = picture.channels == 0 ? 3 : picture.channels;
  if (channels != 1 && channels != 3) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("the image has {} channels; 1 (grey) and 3 (colour) are possible", channels),
        {.hint = "of pixels with a fourth channel take 3, with column_step = 4"});
  }
  const Steps steps = steps_of(picture, channels);
  Image image(picture.width, picture.height);
  for (int row = 0; row < picture.height; ++row) {
    const uint8_t* source = picture.pixels + row * steps.row;
    uint8_t* target = image.pixel(row, 0);
    if (channels == 3 && steps.column == 3 && steps.channel == 1) {
      std::memcpy(target, source, 3 * static_cast<size_t>(picture.width));
      continue;
    }
    const ptrdiff_t channel = channels == 1 ? 0 : steps.channel;
    for (int column = 0; column < picture.width; ++column, source += steps.column, target += 3) {
      target[0] = source[0];
      target[1] = source[channel];
      target[2] = source[2 * channel];
    }
  }
  return image;
}

}  // namespace posse
