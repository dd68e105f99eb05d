#include "run/outputs/drawn_poses.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {

const std::vector<std::string> kNose = {"nose"};

/// Two members at (7, 16) and (13, 24).
FrameResult frame() {
  FrameResult result;
  result.consensus.resize(1);
  result.consensus[0].keypoint = {10, 20, 0.9};
  result.members = {{7, 16, 0.9}, {13, 24, 0.9}};
  return result;
}

TEST(DrawnPoses, AnEllipseIsTheSpreadOfTheMembers) {
  const FrameResult result = frame();
  const DrawnPoses drawn = drawn_poses(shown_frame(kNose, result));
  EXPECT_EQ(drawn.consensus[0].x, 10);
  EXPECT_DOUBLE_EQ(drawn.covariance[0].xx, 9);
  EXPECT_DOUBLE_EQ(drawn.covariance[0].xy, 12);
  EXPECT_DOUBLE_EQ(drawn.covariance[0].yy, 16);
}

TEST(DrawnPoses, OfATrackAnEllipseIsTheStatedCovarianceAndWhatIsHiddenIsNotDrawn) {
  FrameResult result = frame();
  result.track.resize(1);
  result.track[0].covariance = {5, 1, 6};
  result.track[0].seen = true;
  result.track[0].chance_seen = 0.8;
  EXPECT_EQ(drawn_poses(shown_frame(kNose, result)).consensus[0].x, 10);
  EXPECT_EQ(drawn_poses(shown_frame(kNose, result)).covariance[0].xx, 5);
  EXPECT_EQ(drawn_poses(shown_frame(kNose, result)).covariance[0].xy, 1);
  EXPECT_EQ(drawn_poses(shown_frame(kNose, result)).covariance[0].yy, 6);
  result.track[0].chance_seen = 0.4;
  EXPECT_TRUE(std::isnan(drawn_poses(shown_frame(kNose, result)).consensus[0].x));
  result.track[0].chance_seen = 0.8;
  result.track[0].seen = false;
  EXPECT_TRUE(std::isnan(drawn_poses(shown_frame(kNose, result)).consensus[0].x));
}

}  // namespace
}  // namespace posse
