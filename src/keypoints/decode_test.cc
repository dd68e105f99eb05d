#include "keypoints/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/scoremaps.h"

namespace posse {
namespace {

using testing::Bump;
using testing::bump_map;
using testing::OwnedScoremap;
using testing::scoremap_of;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Keypoint decode_one(const OwnedScoremap& map, DecodeRule rule,
                    Arithmetic arithmetic = Arithmetic::plain) {
  return decode_keypoints(map.view(), rule, arithmetic).at(0);
}

TEST(DecodeByDgpRule, GivesTheValuesOfTheOriginalOnTwoSmallMaps) {
  // Double-precision values of the original's formula, printed with ten decimals: half of the last
  // is 5e-11.
  const auto first =
      decode_one(scoremap_of(3, 4, {-4, -3, -2, -3, -3, 0, 4, -1, -4, -2, 1, -2}), DecodeRule::dgp);
  EXPECT_NEAR(first.x, 19.8629585742, 1e-10);
  EXPECT_NEAR(first.y, 12.1695318024, 1e-10);
  EXPECT_NEAR(first.likelihood, 0.9820137900, 1e-10);
  const auto second =
      decode_one(scoremap_of(3, 4, {-5, -5, -4, -4, -4, 1, 2, 0, -3, 0, 5, 1}), DecodeRule::dgp);
  EXPECT_NEAR(cell_from_pixel(second.y, 8), 1.5662457293, 1e-10);
  EXPECT_NEAR(cell_from_pixel(second.x, 8), 1.9820407814, 1e-10);
  EXPECT_NEAR(second.likelihood, 0.9933071491, 1e-10);
}

TEST(DecodeByDgpRule, FindsTheCentreOfAGaussianBump) {
  const auto keypoint =
      decode_one(bump_map(25, 31, {.col = 15.25, .row = 11.75, .sigma = 1.5}), DecodeRule::dgp);
  // The blur keeps the mean. Logits are rounded to float32 (relative 6e-8 of up to -150 far out,
  // 3e-7 near the centre) and the sum over cells stands for an integral up to exp(-2 pi² 1.5²) =
  // 5e-20.
  EXPECT_NEAR(keypoint.x, pixel_from_cell(15.25, 8), 1e-6);
  EXPECT_NEAR(keypoint.y, pixel_from_cell(11.75, 8), 1e-6);
}

TEST(DecodeByDgpRule, TakesTheLargestLikelihoodOfTheCellsAround) {
  // Two equal peaks with a gap of one cell: the soft-argmax falls on the gap, which is exactly one
  // cell.
  const auto keypoint = decode_one(scoremap_of(1, 5, {-40, 2, -3, 2, -40}), DecodeRule::dgp);
  EXPECT_DOUBLE_EQ(keypoint.x, pixel_from_cell(2, 8));
  EXPECT_DOUBLE_EQ(keypoint.likelihood, 1 / (1 + std::exp(3.0)));
}

TEST(DecodeByDlcRule, AddsLocationRefinementToTheLargestCell) {
  OwnedScoremap map = scoremap_of(2, 3, {-1, 0, 2, 1, 1.5F, -2});
  map.locref.assign(12, 9.0F);
  map.locref[4] = 0.5F;
  map.locref[5] = -0.25F;
  map.locref_stdev = 7;
  const Keypoint keypoint = decode_one(map, DecodeRule::dlc);
  EXPECT_DOUBLE_EQ(keypoint.x, 2 * 8 + 4 + 3.5);
  EXPECT_DOUBLE_EQ(keypoint.y, 4 - 1.75);
  EXPECT_DOUBLE_EQ(keypoint.likelihood, 1 / (1 + std::exp(-2.0)));
}

TEST(DecodeByDlcRule, WorksWithoutLocationRefinement) {
  const Keypoint keypoint = decode_one(scoremap_of(2, 2, {0, 1, 3, 2}), DecodeRule::dlc);
  EXPECT_EQ(keypoint.x, 4);
  EXPECT_EQ(keypoint.y, 12);
}

TEST(DecodeByDlcRule, TakesTheFirstOfEqualCells) {
  const Keypoint keypoint = decode_one(scoremap_of(2, 3, {-1, -1, 4, 4, 4, 4}), DecodeRule::dlc);
  EXPECT_EQ(keypoint.x, 20);
  EXPECT_EQ(keypoint.y, 4);
}

class DecodeByEitherRule : public ::testing::TestWithParam<std::tuple<DecodeRule, Arithmetic>> {
 protected:
  Keypoint decode(const OwnedScoremap& map) const {
    return decode_one(map, std::get<0>(GetParam()), std::get<1>(GetParam()));
  }
};

TEST_P(DecodeByEitherRule, ANanLogitMakesTheBodypartMissing) {
  const Keypoint keypoint = decode(scoremap_of(2, 2, {0, 1, kNan, 2}));
  EXPECT_TRUE(std::isnan(keypoint.x));
  EXPECT_TRUE(std::isnan(keypoint.y));
  EXPECT_EQ(keypoint.likelihood, 0);
}

TEST_P(DecodeByEitherRule, AMapOfMinusInfinityIsMissing) {
  const Keypoint keypoint = decode(scoremap_of(1, 2, {-kInfinity, -kInfinity}));
  EXPECT_TRUE(std::isnan(keypoint.x));
  EXPECT_EQ(keypoint.likelihood, 0);
}

TEST_P(DecodeByEitherRule, HugeLogitsNeitherOverflowNorSaturate) {
  for (const float shift : {-3000.0F, -300.0F, -50.0F, 50.0F, 300.0F, 3000.0F}) {
    // Steps of 512 leave no mass beside the highest cell.
    const Keypoint keypoint =
        decode(scoremap_of(1, 5, {shift - 1024, shift - 512, shift, shift - 512, shift - 1024}));
    EXPECT_DOUBLE_EQ(keypoint.x, 20) << shift;
    EXPECT_DOUBLE_EQ(keypoint.likelihood, sigmoid(static_cast<double>(shift))) << shift;
  }
}

TEST_P(DecodeByEitherRule, AnInfiniteCellWins) {
  const Keypoint keypoint = decode(scoremap_of(1, 3, {1, 2, kInfinity}));
  EXPECT_LE(std::abs(keypoint.x - 20),
            8);  // the blur pulls a peak at the border inwards, by less than a cell
  EXPECT_EQ(keypoint.likelihood, 1);
}

TEST_P(DecodeByEitherRule, BodypartsDoNotMix) {
  const OwnedScoremap both{.logits = {0, 5, 1, -5, 2, 0.5F, -1, 3},
                           .locref = {},
                           .height = 2,
                           .width = 2,
                           .num_bodyparts = 2};
  const auto keypoints =
      decode_keypoints(both.view(), std::get<0>(GetParam()), std::get<1>(GetParam()));
  const Keypoint first = decode(scoremap_of(2, 2, {0, 1, 2, -1}));
  const Keypoint second = decode(scoremap_of(2, 2, {5, -5, 0.5F, 3}));
  ASSERT_EQ(keypoints.size(), 2U);
  EXPECT_EQ(keypoints[0].x, first.x);
  EXPECT_EQ(keypoints[0].y, first.y);
  EXPECT_EQ(keypoints[1].x, second.x);
  EXPECT_EQ(keypoints[1].likelihood, second.likelihood);
}

TEST_P(DecodeByEitherRule, MovesWithTheMap) {
  const Keypoint here =
      decode(bump_map(32, 40, {.col = 14.3, .row = 12.6, .sigma = 1.0, .height = 4}));
  const Keypoint there =
      decode(bump_map(32, 40, {.col = 19.3, .row = 15.6, .sigma = 1.0, .height = 4}));
  EXPECT_NEAR(there.x - here.x, 5 * 8,
              1e-5);  // float32 rounding of the logits: 3e-7 cells, times 8 pixels, both maps
  EXPECT_NEAR(there.y - here.y, 3 * 8, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Rules, DecodeByEitherRule,
                         ::testing::Combine(::testing::Values(DecodeRule::dgp, DecodeRule::dlc),
                                            ::testing::Values(Arithmetic::plain, Arithmetic::fast)),
                         [](const auto& instance) {
                           return std::string(to_string(std::get<0>(instance.param))) +
                                  (std::get<1>(instance.param) == Arithmetic::plain ? "_plain"
                                                                                    : "_fast");
                         });

TEST(DecodeKeypoints, RefusesMapsWithoutCells) {
  ScoremapView view{.height = 0, .width = 4, .num_bodyparts = 1};
  EXPECT_THROW(decode_keypoints(view, DecodeRule::dgp), Error);
  view = {.height = 1, .width = 1, .num_bodyparts = 1};
  EXPECT_THROW(decode_keypoints(view, DecodeRule::dgp), Error);  // no logits
}

TEST(Sigmoid, HasItsLimitsAndSymmetry) {
  EXPECT_EQ(sigmoid(0), 0.5);
  EXPECT_EQ(sigmoid(1000), 1);
  EXPECT_EQ(sigmoid(-1000), 0);
  EXPECT_DOUBLE_EQ(sigmoid(-40), std::exp(-40.0) / (1 + std::exp(-40.0)));
  EXPECT_DOUBLE_EQ(log_sigmoid(-800), -800);
  EXPECT_DOUBLE_EQ(log_sigmoid(40), -std::exp(-40.0));  // where log(sigmoid) would round to 0
}

}  // namespace
}  // namespace posse
