#include "keypoints/common_meaning.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "keypoints/decode.h"
#include "keypoints/scoremap.h"

namespace posse {
namespace {

/// exp(-d^2 / (2 sigma^2)) about a cell, times `peak`, plus a constant everywhere.
Tensor bump(double row, double col, double sigma, double peak, double floor = 0) {
  Tensor map({1, 31, 41, 1});
  for (int r = 0; r < 31; ++r) {
    for (int c = 0; c < 41; ++c) {
      const double d2 = (r - row) * (r - row) + (c - col) * (c - col);
      map.data()[r * 41 + c] =
          static_cast<float>(peak * std::exp(-d2 / (2 * sigma * sigma)) + floor);
    }
  }
  return map;
}

ScoremapView view_of(const Tensor& map) {
  return {.logits = map.data(), .height = 31, .width = 41, .num_bodyparts = 1, .stride = 8};
}

TEST(MapMeaning, BumpKeepsItsPeakAndTheToolsScore) {
  Tensor map = bump(10, 20, 1.4, 0.8);
  to_common_meaning(MapMeaning::bump, map);
  const Keypoint keypoint = decode_keypoints(view_of(map), DecodeRule::dlc).front();
  EXPECT_DOUBLE_EQ(keypoint.x, 164);
  EXPECT_DOUBLE_EQ(keypoint.y, 84);
  EXPECT_NEAR(keypoint.likelihood, 0.8, 1e-6);
}

TEST(MapMeaning, BumpAmongSmallValuesIsFoundByTheSoftmax) {
  // The floor of 1,271 cells weighs more than the bump: its plain mean would lie at the centre.
  Tensor map = bump(8, 12, 1.4, 0.9, 0.01);
  to_common_meaning(MapMeaning::bump, map);
  const Keypoint keypoint = decode_keypoints(view_of(map), DecodeRule::dgp).front();
  EXPECT_NEAR(keypoint.x, 100, 0.5);
  EXPECT_NEAR(keypoint.y, 68, 0.5);
}

TEST(MapMeaning, BumpsAboveOneAndBelowZeroStayFiniteAndOrdered) {
  Tensor high = bump(10, 20, 1.4, 1.3);
  to_common_meaning(MapMeaning::bump, high);
  EXPECT_NEAR(decode_keypoints(view_of(high), DecodeRule::dlc).front().likelihood, 1, 2e-6);
  Tensor low = bump(10, 20, 1.4, 0.1, -0.5);  // nothing above 0
  to_common_meaning(MapMeaning::bump, low);
  const Keypoint keypoint = decode_keypoints(view_of(low), DecodeRule::dlc).front();
  EXPECT_DOUBLE_EQ(keypoint.x, 164);
  EXPECT_LT(keypoint.likelihood, 2e-6);
}

TEST(MapMeaning, SpatialLogitsGiveTheCubeOfTheirSoftmaxAndSayHowSharpItIs) {
  // The map that Lightning Pose is trained for: a Gaussian of 1.25 cells.
  Tensor map = bump(15, 20, 1.25, 1);
  for (float& value : map.values()) value = std::log(std::max(value, 1e-30F));
  const Tensor before = map.clone();
  to_common_meaning(MapMeaning::spatial_logits, map);
  const float shift = map.values()[0] - 3 * before.values()[0];
  for (size_t i = 0; i < map.values().size(); ++i) {
    EXPECT_NEAR(map.values()[i] - 3 * before.values()[i], shift, 1e-4);
  }
  EXPECT_GT(sigmoid(static_cast<double>(map.data()[15 * 41 + 20])), 0.99);
  Tensor flat({1, 31, 41, 1}, std::vector<float>(31 * 41, 3.0F));
  to_common_meaning(MapMeaning::spatial_logits, flat);
  // A flat map's softmax is 1 / 1271 everywhere.
  EXPECT_NEAR(sigmoid(static_cast<double>(flat.data()[0])), 1.0 / 1271 / kSharpestMass, 1e-6);
}

TEST(MapMeaning, NanMakesAMapMissing) {
  for (const MapMeaning meaning : {MapMeaning::bump, MapMeaning::spatial_logits}) {
    Tensor map = bump(10, 20, 1.4, 0.8);
    map.values()[7] = std::numeric_limits<float>::quiet_NaN();
    to_common_meaning(meaning, map);
    EXPECT_TRUE(std::isnan(decode_keypoints(view_of(map), DecodeRule::dlc).front().x));
  }
}

TEST(MapMeaning, LogitsStayAsTheyAre) {
  Tensor map = bump(10, 20, 1.4, 5, -3);
  const Tensor before = map.clone();
  to_common_meaning(MapMeaning::logits, map);
  EXPECT_TRUE(std::equal(map.values().begin(), map.values().end(), before.values().begin()));
}

}  // namespace
}  // namespace posse
