#include "consensus/track/table_track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Members that stand `apart` px from one another around a point which walks, scaled.
std::vector<Poses> members(int count, double apart, double scale = 1) {
  std::vector<Poses> tables;
  const int middle = count / 2;
  for (int m = 0; m < count; ++m) {
    Poses poses{.bodyparts = {"nose"}, .frame_index = {}, .keypoints = {}};
    for (int t = 0; t < 50; ++t) {
      poses.frame_index.push_back(t);
      poses.keypoints.push_back({scale * (100 + t + (m - middle) * apart), scale * 80, 0.9});
    }
    tables.push_back(std::move(poses));
  }
  return tables;
}

TEST(TableTrack, ACellIsTwiceTheMedianDistanceOfTheMembersAndAStrideAtLeast) {
  EXPECT_EQ(cell_of_members(members(3, 1)), 8);
  // Distances of five members from their median: 0, 12, 12, 24, 24.
  EXPECT_EQ(cell_of_members(members(5, 12)), 24);
  EXPECT_EQ(cell_of_members({}), 8);
  std::vector<Poses> doubtful = members(5, 12);
  for (Keypoint& keypoint : doubtful[4].keypoints) keypoint.likelihood = 0.1;  // and 0, 12, 12, 24
  EXPECT_EQ(cell_of_members(doubtful), 24);
}

TEST(TableTrack, APictureOfFourTimesTheSizeHasFourTimesTheTrack) {
  const TableTrack small = track_of_poses(members(5, 6), {.smooth = false});
  const TableTrack large = track_of_poses(members(5, 6, 4), {.smooth = false});
  EXPECT_EQ(large.cell, 4 * small.cell);
  for (size_t t = 0; t < small.frames.size(); ++t) {
    EXPECT_NEAR(large.frames[t].keypoints[0].keypoint.x,
                4 * small.frames[t].keypoints[0].keypoint.x, 0.05);
  }
}

TEST(TableTrack, AStepGrowsWithTheGapInFrameNumbers) {
  // After the gap half of the members see the nose 60 px away: far for one frame, near for 25.
  const auto chance_of_staying = [](int64_t gap) {
    Poses goes{.bodyparts = {"nose"}, .frame_index = {}, .keypoints = {}};
    Poses stays = goes;
    for (int t = 0; t < 12; ++t) {
      goes.frame_index.push_back(t < 10 ? t : t - 1 + gap);
      goes.keypoints.push_back({t < 10 ? 100.0 : 160.0, 80, 0.9});
      stays.keypoints.push_back({100, 80, 0.9});
    }
    stays.frame_index = goes.frame_index;
    const TableTrack track =
        track_of_poses(std::vector{goes, goes, stays, stays}, {.groups = {{}}, .smooth = false});
    const TrackedKeypoint& nose = track.frames[10].keypoints[0];
    EXPECT_NEAR(nose.keypoint.x, 100, 1) << gap;
    return nose.chance;
  };
  EXPECT_GT(chance_of_staying(1), 0.99);
  EXPECT_LT(chance_of_staying(25), 0.9);
}

TEST(TableTrack, MissingPointsAreBridged) {
  std::vector<Poses> tables = members(3, 1);
  for (Poses& member : tables) {
    for (size_t t = 20; t < 24; ++t) member.keypoints[t] = {kNan, kNan, 0};
  }
  const TableTrack track = track_of_poses(tables);
  EXPECT_TRUE(std::isnan(track.frames[21].keypoints[0].keypoint.x));
  EXPECT_NEAR(track.frames[24].keypoints[0].keypoint.x, 124, 1.5);
}

TEST(TableTrack, NoFramesAreNoTrack) {
  Poses empty{.bodyparts = {"nose"}, .frame_index = {}, .keypoints = {}};
  EXPECT_TRUE(track_of_poses(std::vector{empty, empty}).frames.empty());
}

TEST(TableTrack, ASingleFrameIsTrackedAndOneWithoutAPointIsMissing) {
  const std::vector<Poses> one(3, Poses{.bodyparts = {"nose", "tail"},
                                        .frame_index = {17},
                                        .keypoints = {{50, 60, 0.9}, {kNan, kNan, 0}}});
  const TableTrack track = track_of_poses(one);
  ASSERT_EQ(track.frames.size(), 1U);
  EXPECT_NEAR(track.frames[0].keypoints[0].keypoint.x, 50, 1e-9);
  EXPECT_TRUE(std::isnan(track.frames[0].keypoints[1].keypoint.x));
}

TEST(TableTrack, RefusesWhatDoesNotFit) {
  EXPECT_THROW(track_of_poses({}), Error);
  std::vector<Poses> tables = members(2, 1);
  EXPECT_THROW(track_of_poses(tables, {.cell = -1}), Error);
  EXPECT_THROW(track_of_poses(tables, {.groups = {{{0, 5}}}}), Error);
  tables[1].bodyparts = {"tail"};
  EXPECT_THROW(track_of_poses(tables), Error);
}

}  // namespace
}  // namespace posse
