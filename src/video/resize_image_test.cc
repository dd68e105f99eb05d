#include "video/resize_image.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

/// Red grows with the column, green with the row.
Image ramp(int width, int height, int step) {
  Image image(width, height);
  for (int row = 0; row < height; ++row) {
    for (int col = 0; col < width; ++col) {
      image.pixel(row, col)[0] = static_cast<uint8_t>(step * col);
      image.pixel(row, col)[1] = static_cast<uint8_t>(step * row);
    }
  }
  return image;
}

TEST(ResizeImage, HalvingAveragesPairsOfPixels) {
  const Image half = resize_image(ramp(34, 10, 6), 17, 5);  // an odd width: rows are not padded
  ASSERT_EQ(half.rgb.size(), size_t{17 * 5 * 3});
  for (int row = 0; row < 5; ++row) {
    for (int col = 0; col < 17; ++col) {
      EXPECT_NEAR(half.pixel(row, col)[0], 12 * col + 3, 1);  // (12 c + 12 c + 6) / 2; rounding
      EXPECT_NEAR(half.pixel(row, col)[1], 12 * row + 3, 1);
      EXPECT_EQ(half.pixel(row, col)[2], 0);
    }
  }
}

TEST(ResizeImage, EnlargingInterpolatesBetweenPixelCentres) {
  const Image large = resize_image(ramp(8, 8, 20), 16, 16);
  for (int col = 1; col < 15; ++col)
    EXPECT_NEAR(large.pixel(7, col)[0], 20 * ((col + 0.5) / 2 - 0.5), 1);
}

TEST(ResizeImage, TheSameSizeIsTheSamePicture) {
  const Image image = ramp(5, 3, 7);
  EXPECT_EQ(resize_image(image, 5, 3).rgb, image.rgb);
}

TEST(ResizeImage, NoPixelsIsAnError) {
  EXPECT_THROW(resize_image(ramp(5, 3, 7), 0, 3), Error);
  EXPECT_THROW(resize_image(Image(), 5, 3), Error);
}

}  // namespace
}  // namespace posse
