#include "keypoints/lightning_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "keypoints/common_meaning.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

/// The map that Lightning Pose is trained for, a Gaussian of 1.25 cells about a point in cells, in
/// the common meaning.
struct Peak {
  Peak(double row, double col, int doublings)
      : view{.height = 32, .width = 48, .num_bodyparts = 1, .doublings = doublings} {
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 48; ++c) {
        const double d2 = (r - row) * (r - row) + (c - col) * (c - col);
        logits.push_back(static_cast<float>(-kSharpening * d2 / (2 * 1.25 * 1.25)));
      }
    }
    view.logits = logits.data();
    view.stride = 1 << doublings;
    view.offset_x = view.offset_y = -0.5 * view.stride;  // the first cell lies on pixel 0
  }
  std::vector<float> logits;
  ScoremapView view;
};

TEST(LightningRule, CentreOfASharpMapIsFound) {
  const Peak peak(12, 20, 2);
  const Keypoint keypoint = decode_keypoints(peak.view, DecodeRule::lp).front();
  EXPECT_NEAR(keypoint.x, 80, 0.01);  // cell i lies on pixel 4 i
  EXPECT_NEAR(keypoint.y, 48, 0.01);
  EXPECT_GT(keypoint.likelihood, 0.5);
}

TEST(LightningRule, ForEightPixelsPerCellTheToolIsOnePixelOff) {
  const Peak peak(12, 20, 3);
  const Keypoint tool = decode_keypoints(peak.view, DecodeRule::lp).front();
  const Keypoint exact = decode_keypoints(peak.view, DecodeRule::lp_correct).front();
  EXPECT_NEAR(tool.x, 161, 0.01);
  EXPECT_NEAR(tool.y, 97, 0.01);
  EXPECT_NEAR(exact.x, 160, 0.01);
  EXPECT_NEAR(exact.y, 96, 0.01);
}

TEST(LightningRule, BothAgreeForTwoAndFourPixels) {
  for (const int doublings : {1, 2}) {
    const Peak peak(9.4, 30.2, doublings);
    const Keypoint tool = decode_keypoints(peak.view, DecodeRule::lp).front();
    EXPECT_DOUBLE_EQ(tool.x, decode_keypoints(peak.view, DecodeRule::lp_correct).front().x);
    EXPECT_NEAR(tool.x, 30.2 * (1 << doublings), 0.5);
    EXPECT_NEAR(tool.y, 9.4 * (1 << doublings), 0.5);
  }
}

TEST(LightningRule, CellsThatAreNotSquareGiveUnequalSteps) {
  Peak peak(12, 20, 2);
  peak.view.stride = 5;
  peak.view.row_stride = 7.5;
  peak.view.offset_x = -2.5;
  peak.view.offset_y = -3.75;
  const Keypoint keypoint = decode_keypoints(peak.view, DecodeRule::lp).front();
  EXPECT_NEAR(keypoint.x, 100, 0.02);
  EXPECT_NEAR(keypoint.y, 90, 0.02);
}

TEST(LightningRule, FlatMapLiesInTheMiddleWithALowScore) {
  Peak peak(12, 20, 2);
  std::fill(peak.logits.begin(), peak.logits.end(), 0.5F);
  const Keypoint keypoint = decode_keypoints(peak.view, DecodeRule::lp).front();
  EXPECT_NEAR(keypoint.x, 94, 2);
  EXPECT_NEAR(keypoint.y, 62, 2);
  EXPECT_LT(keypoint.likelihood, 0.01);
}

TEST(LightningRule, MapWithANanIsMissing) {
  Peak peak(12, 20, 2);
  peak.logits[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(decode_keypoints(peak.view, DecodeRule::lp).front().x));
  std::fill(peak.logits.begin(), peak.logits.end(), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(decode_keypoints(peak.view, DecodeRule::lp).front().y));
}

}  // namespace
}  // namespace posse
