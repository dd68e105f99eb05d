#include "ensemble/pose_alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A table whose values tell where they come from: x = frame, y = first letter of the bodypart.
NamedPoses table(std::string name, std::vector<std::string> bodyparts,
                 std::vector<int64_t> frames) {
  NamedPoses member{
      .member = std::move(name),
      .poses = {
          .bodyparts = std::move(bodyparts), .frame_index = std::move(frames), .keypoints = {}}};
  for (const int64_t frame : member.poses.frame_index) {
    for (const std::string& bodypart : member.poses.bodyparts) {
      member.poses.keypoints.push_back({.x = static_cast<double>(frame),
                                        .y = static_cast<double>(bodypart[0]),
                                        .likelihood = 1});
    }
  }
  return member;
}

TEST(AlignPoses, LeavesEqualTablesAsTheyAre) {
  const std::vector<NamedPoses> members = {table("a", {"x", "y"}, {0, 1}),
                                           table("b", {"x", "y"}, {0, 1})};
  const AlignedPoses aligned = align_poses(members);
  EXPECT_THAT(aligned.notes, IsEmpty());
  EXPECT_EQ(aligned.members[1].frame_index, members[1].poses.frame_index);
  EXPECT_EQ(aligned.members[1].at(1, 1).y, 'y');
}

TEST(AlignPoses, MatchesByNameAndFrameNumber) {
  const std::vector<NamedPoses> members = {table("a", {"p", "q"}, {2, 3, 5}),
                                           table("b", {"q", "r", "p"}, {3, 4})};
  const AlignedPoses aligned = align_poses(members);
  for (const Poses& poses : aligned.members) {
    EXPECT_THAT(poses.bodyparts, ElementsAre("p", "q", "r"));
    EXPECT_THAT(poses.frame_index, ElementsAre(2, 3, 4, 5));
    for (size_t row = 0; row < 4; ++row) {
      for (size_t j = 0; j < 3; ++j) {
        const Keypoint& keypoint = poses.at(row, j);
        EXPECT_TRUE(std::isnan(keypoint.x) ||
                    (keypoint.x == static_cast<double>(poses.frame_index[row]) &&
                     keypoint.y == poses.bodyparts[j][0]));
        EXPECT_EQ(keypoint.likelihood, std::isnan(keypoint.x) ? 0 : 1);
      }
    }
  }
  EXPECT_TRUE(std::isnan(aligned.members[0].at(1, 2).x));   // no 'r'
  EXPECT_FALSE(std::isnan(aligned.members[1].at(2, 2).x));  // frame 4
  EXPECT_THAT(aligned.notes,
              ElementsAre("a has no bodypart 'r'", "a lacks 1 of 4 frames, the first is 4",
                          "b lists its bodyparts in another order",
                          "b lacks 2 of 4 frames, the first is 2"));
}

TEST(AlignPoses, KeepsCommonBodypartsOnRequest) {
  const std::vector<NamedPoses> members = {table("a", {"p", "q"}, {0}),
                                           table("b", {"q", "r"}, {0})};
  const AlignedPoses aligned = align_poses(members, /*common_only=*/true);
  EXPECT_THAT(aligned.members[0].bodyparts, ElementsAre("q"));
  EXPECT_THAT(aligned.notes, ElementsAre("a: bodypart 'p' is left out, not all members have it",
                                         "b: bodypart 'r' is left out, not all members have it"));
}

TEST(AlignPoses, ReportsABodypartThatIsMissingThroughout) {
  std::vector<NamedPoses> members = {table("a", {"p", "q"}, {0, 1})};
  members[0].poses.at(0, 1).x = members[0].poses.at(1, 1).x =
      std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(align_poses(members).notes, ElementsAre("a: bodypart 'q' is missing in every frame"));
}

TEST(AlignPoses, RefusesFramesThatDoNotIncrease) {
  try {
    align_poses(std::vector{table("a.csv", {"p"}, {0, 4, 4})});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a.csv: frame 4 follows frame 4"));
  }
}

TEST(AlignPoses, RefusesTablesWithNothingInCommon) {
  EXPECT_THROW(align_poses(std::vector{table("a", {"p"}, {0}), table("b", {"q"}, {0})}), Error);
  EXPECT_THROW(align_poses({}), Error);
}

}  // namespace
}  // namespace posse
