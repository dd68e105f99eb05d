#include "base/picture_shaping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One row of grey pixels.
Image row_of(const std::vector<int>& values) {
  Image image(static_cast<int>(values.size()), 1);
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) image.rgb[3 * i + c] = static_cast<uint8_t>(values[i]);
  }
  return image;
}

std::vector<int> first_row(const Image& image) {
  std::vector<int> values;
  for (int col = 0; col < image.width; ++col) values.push_back(image.pixel(0, col)[0]);
  return values;
}

TEST(ResizePicture, LinearLiesBetweenCentresAndRepeatsTheOutermost) {
  Image to;
  resize_picture(row_of({0, 80, 160}), {1, 6}, PictureFilter::linear, to);
  EXPECT_THAT(first_row(to), ElementsAre(0, 20, 60, 100, 140, 160));
}

TEST(ResizePicture, CubicFollowsItsKernel) {
  Image to;
  resize_picture(row_of({0, 40, 80, 120, 160, 200, 240}), {1, 14}, PictureFilter::cubic, to);
  const std::vector<int> values = first_row(to);
  // On a straight line, at a quarter of the way between two pixels, the kernel of a = -0.75 is off
  // by -2 (a + 1/2) (2 x^3 - 3 x^2 + x) = 3 / 64 of a step, at three quarters by as much less.
  for (size_t i = 3; i < 11; ++i) {
    const double error = (i % 2 == 1 ? 40.0 : -40.0) * 3 / 64;
    EXPECT_NEAR(values[i], 20.0 * static_cast<double>(i) - 10 + error, 0.5);
  }
}

TEST(ResizePicture, OfTheSameSizeChangesNothing) {
  for (const PictureFilter filter : {PictureFilter::linear, PictureFilter::cubic}) {
    Image to;
    resize_picture(row_of({3, 250, 7, 0}), {1, 4}, filter, to);
    EXPECT_THAT(first_row(to), ElementsAre(3, 250, 7, 0));
  }
}

TEST(ShapePicture, PadsByReflectionEvenFartherThanThePictureIsWide) {
  PictureShaping shaping;
  shaping.padding = {.columns = {.least = 9}, .place = PaddedPlace::center, .reflect = true};
  EXPECT_THAT(first_row(shape_picture(shaping, row_of({1, 2, 3}))),
              ElementsAre(2, 3, 2, 1, 2, 3, 2, 1, 2));
}

TEST(ShapePicture, PointsComeBackToWhereTheyWere) {
  PictureShaping shaping;
  shaping.longest_side = 20;
  shaping.padding = {
      .rows = {.divisor = 8}, .columns = {.divisor = 32}, .place = PaddedPlace::bottom_right};
  const ShapedGeometry seen = shaped_geometry(shaping, {5, 10});
  EXPECT_EQ(seen.size, (PictureSize{16, 32}));
  // Twice as large, then 12 columns and 6 rows in front.
  EXPECT_DOUBLE_EQ(12 * seen.scale_x + seen.offset_x, 0);
  EXPECT_DOUBLE_EQ(6 * seen.scale_y + seen.offset_y, 0);
  EXPECT_DOUBLE_EQ(32 * seen.scale_x + seen.offset_x, 10);
  EXPECT_DOUBLE_EQ(16 * seen.scale_y + seen.offset_y, 5);
}

TEST(ShapePicture, NothingLeftIsAnError) {
  PictureShaping shaping;
  shaping.longest_side = 4;
  try {
    shape_picture(shaping, Image(1000, 10));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.message(), HasSubstr("1000x10"));
  }
}

}  // namespace
}  // namespace posse
