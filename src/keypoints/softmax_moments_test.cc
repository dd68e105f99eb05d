#include "keypoints/softmax_moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posse {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The definition, spelled out: softmax, 3x3 Gaussian blur with zeros outside, renormalise,
/// expectation.
CellMoments blurred_moments_by_definition(const std::vector<double>& logits, int height,
                                          int width) {
  std::vector<double> blurred(logits.size(), 0.0);
  for (int row = 0; row < height; ++row) {
    for (int col = 0; col < width; ++col) {
      for (int dr = -1; dr <= 1; ++dr) {
        for (int dc = -1; dc <= 1; ++dc) {
          if (row + dr >= 0 && row + dr < height && col + dc >= 0 && col + dc < width) {
            blurred[static_cast<size_t>(row * width + col)] +=
                std::exp(-0.5 * (dr * dr + dc * dc)) *
                std::exp(logits[static_cast<size_t>((row + dr) * width + col + dc)]);
          }
        }
      }
    }
  }
  double mass = 0;
  double x = 0;
  double y = 0;
  for (int i = 0; i < height * width; ++i) {
    mass += blurred[static_cast<size_t>(i)];
    x += blurred[static_cast<size_t>(i)] * (i % width);
    y += blurred[static_cast<size_t>(i)] * (i / width);
  }
  x /= mass;
  y /= mass;
  CellMoments moments{.x = x, .y = y};
  for (int i = 0; i < height * width; ++i) {
    const double weight = blurred[static_cast<size_t>(i)] / mass;
    const double dx = i % width - x;
    const double dy = i / width - y;
    moments.xx += weight * dx * dx;
    moments.xy += weight * dx * dy;
    moments.yy += weight * dy * dy;
  }
  return moments;
}

TEST(SoftmaxMoments, OfAnEvenMapAreItsMiddleAndTheVarianceOfEvenCells) {
  const std::vector<double> logits(5 * 7, -3.0);
  const auto moments = softmax_moments(logits, plain_axis(5), plain_axis(7));
  ASSERT_TRUE(moments.has_value());
  EXPECT_DOUBLE_EQ(moments->x, 3);
  EXPECT_DOUBLE_EQ(moments->y, 2);
  EXPECT_NEAR(moments->xx, (49 - 1) / 12.0, 1e-13);  // (n² - 1) / 12; rounding of values up to 36
  EXPECT_NEAR(moments->yy, (25 - 1) / 12.0, 1e-13);
  EXPECT_NEAR(moments->xy, 0, 1e-13);
}

TEST(SoftmaxMoments, OfTwoCellsFollowTheirOdds) {
  const std::vector<double> logits = {std::log(3.0), -kInfinity, -kInfinity, 0.0};
  const auto moments = softmax_moments(logits, plain_axis(2), plain_axis(2));
  ASSERT_TRUE(moments.has_value());
  EXPECT_NEAR(moments->x, 0.25, 1e-15);  // a few roundings of numbers near 1
  EXPECT_NEAR(moments->y, 0.25, 1e-15);
  EXPECT_NEAR(moments->xx, 3.0 / 16, 1e-15);
  EXPECT_NEAR(moments->xy, 3.0 / 16, 1e-15);
}

TEST(SoftmaxMoments, BlurByAxisWeightsEqualsBlurringTheMap) {
  const std::vector<double> logits = {2, -1, 0, 3, -4, 1, 0.5, -2, 4, 1, 1, -3, 2.5, 0, -1};
  for (const auto& [height, width] :
       {std::pair{3, 5}, std::pair{5, 3}, std::pair{1, 15}, std::pair{15, 1}}) {
    const auto moments = softmax_moments(logits, blurred_axis(height), blurred_axis(width));
    const CellMoments expected = blurred_moments_by_definition(logits, height, width);
    ASSERT_TRUE(moments.has_value());
    // Double rounding over 15 cells, values up to 14² for the second moments.
    EXPECT_NEAR(moments->x, expected.x, 1e-13);
    EXPECT_NEAR(moments->y, expected.y, 1e-13);
    EXPECT_NEAR(moments->xx, expected.xx, 1e-12);
    EXPECT_NEAR(moments->xy, expected.xy, 1e-12);
    EXPECT_NEAR(moments->yy, expected.yy, 1e-12);
  }
}

TEST(SoftmaxMoments, DoNotChangeWhenAConstantIsAdded) {
  const std::vector<double> low = {-1, 0, 2, 1};
  std::vector<double> high = low;
  for (double& logit : high) {
    logit += 4096;  // exp() of it overflows
  }
  const auto a = softmax_moments(low, plain_axis(2), plain_axis(2));
  const auto b = softmax_moments(high, plain_axis(2), plain_axis(2));
  EXPECT_EQ(a->x, b->x);
  EXPECT_EQ(a->yy, b->yy);
}

TEST(SoftmaxMoments, InfiniteCellsShareTheMass) {
  const std::vector<double> logits = {kInfinity, 1e300, 5, kInfinity};
  const auto moments = softmax_moments(logits, plain_axis(1), plain_axis(4));
  ASSERT_TRUE(moments.has_value());
  EXPECT_EQ(moments->x, 1.5);
}

TEST(SoftmaxMoments, DoNotExistForNanOrWithoutAnyMass) {
  const std::vector<double> nan = {0, std::nan(""), 1};
  const std::vector<double> none = {-kInfinity, -kInfinity, -kInfinity};
  EXPECT_FALSE(softmax_moments(nan, plain_axis(1), plain_axis(3)).has_value());
  EXPECT_FALSE(softmax_moments(none, plain_axis(1), plain_axis(3)).has_value());
}

}  // namespace
}  // namespace posse
