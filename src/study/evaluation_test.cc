#include "study/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posse {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(CompareWithTruth, GivesDistancesOfMatchingFramesAndNames) {
  // Distances of nose: 5 (3-4-5) at frame 1 and 0 at frame 2; frame 9 has no pose, "extra" no
  // label.
  const Poses poses{.bodyparts = {"extra", "nose"},
                    .frame_index = {1, 2},
                    .keypoints = {{0, 0, 1}, {13, 24, 1}, {0, 0, 1}, {7, 7, 1}}};
  const Poses truth{.bodyparts = {"nose"},
                    .frame_index = {1, 2, 9},
                    .keypoints = {{10, 20, 1}, {7, 7, 1}, {1, 1, 1}}};
  const auto summaries = compare_with_truth(poses, truth, 2.0);
  ASSERT_EQ(summaries.size(), 2U);
  EXPECT_EQ(summaries[0].bodypart, "nose");
  EXPECT_EQ(summaries[0].num_points, 2);
  EXPECT_DOUBLE_EQ(summaries[0].rmse, std::sqrt(12.5));
  EXPECT_DOUBLE_EQ(summaries[0].median, 2.5);
  EXPECT_DOUBLE_EQ(summaries[0].share_above, 0.5);
  EXPECT_EQ(summaries[1].bodypart, "all");
}

TEST(CompareWithTruth, CountsMissingPosesAndLeavesOutUnlabelledPoints) {
  const Poses poses{
      .bodyparts = {"a"}, .frame_index = {0, 1}, .keypoints = {{kNaN, kNaN, 0}, {1, 1, 1}}};
  const Poses truth{
      .bodyparts = {"a"}, .frame_index = {0, 1}, .keypoints = {{1, 1, 1}, {kNaN, kNaN, 0}}};
  const ErrorSummary summary = compare_with_truth(poses, truth, 1.0).front();
  EXPECT_EQ(summary.num_points, 0);
  EXPECT_EQ(summary.num_missing, 1);
  EXPECT_TRUE(std::isnan(summary.rmse));
}

}  // namespace
}  // namespace posse
