#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "results/table/table_reader.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// x of the first bodypart in every row, NaN where it is missing.
::testing::Matcher<std::vector<double>> xs(const std::vector<double>& expected) {
  std::vector<::testing::Matcher<double>> each;
  for (const double x : expected) each.push_back(::testing::NanSensitiveDoubleEq(x));
  return ::testing::ElementsAreArray(each);
}

std::vector<double> first_x(const Poses& poses) {
  std::vector<double> found;
  for (size_t row = 0; row < poses.num_frames(); ++row) found.push_back(poses.at(row, 0).x);
  return found;
}

TEST(Sleap, AnInstanceThatAPersonPlacedReplacesThePredictionItCorrects) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/corrected.slp");  // frame 1: 11 for 500
  const LoadedPoses loaded = read_pose_table(path);
  EXPECT_THAT(first_x(loaded.table.poses), xs({10, 11, 12}));
  EXPECT_EQ(loaded.table.poses.at(1, 0).likelihood, 1);
  EXPECT_THAT(loaded.notes.warnings, Contains(HasSubstr("1 predicted instances were corrected")));
}

TEST(Sleap, AnAnimalThatAPersonAddedIsKept) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/one-animal-added.slp");
  EXPECT_THAT(first_x(read_pose_table(path, {.individual = "B"}).table.poses), xs({110, 111, 112}));
  EXPECT_THAT(first_x(read_pose_table(path, {.individual = "A"}).table.poses), xs({10, 11, 12}));
}

TEST(Sleap, OfSeveralVideosOneIsChosenByNumberOrName) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/two-videos.slp");  // a frame of each
  const Error error = testing::error_of([&] { read_pose_table(path); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.notes().have, HasSubstr("0 v.mp4 (1 frames), 1  (1 frames)"));
  EXPECT_THAT(error.notes().hint, HasSubstr("--sleap-video"));
  const Poses first = read_pose_table(path, {.video = "v.mp4"}).table.poses;
  const Poses second = read_pose_table(path, {.video = "1"}).table.poses;
  EXPECT_THAT(first_x(first), xs({10}));
  EXPECT_THAT(first_x(second), xs({310}));
  EXPECT_EQ(testing::error_of([&] { read_pose_table(path, {.video = "w.mp4"}); }).kind(),
            ErrorKind::not_found);
}

TEST(Sleap, APointMarkedAsHiddenIsMissing) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/hidden-point.slp");  // tail of frame 1
  const Poses poses = read_pose_table(path).table.poses;
  EXPECT_TRUE(std::isnan(poses.at(1, 1).x));
  EXPECT_EQ(poses.at(1, 1).likelihood, 0);
  EXPECT_EQ(poses.at(0, 1).x, 20);
}

TEST(Sleap, FramesLeftOutAreRowsOfMissingPointsInBothFormats) {
  for (const char* name : {"gaps.slp", "gaps.analysis.h5"}) {
    POSSE_SHARED_OR_SKIP(path, std::string("hard-cases/tables/") + name);
    const Poses poses = read_pose_table(path).table.poses;
    EXPECT_THAT(first_x(poses), xs({10, kNan, kNan, kNan, kNan, 15, kNan, kNan, kNan, 19})) << name;
    EXPECT_EQ(poses.frame_index.back(), 9);
  }
}

TEST(Sleap, InstancesWithoutATrackAreNoAnimals) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/untracked-swap.slp");
  const RawTable raw = read_raw_table(path);
  EXPECT_THAT(raw.untracked, ElementsAre("untracked_0", "untracked_1"));
  EXPECT_THAT(raw.notes, Contains(HasSubstr("may be another animal from row to row")));
  EXPECT_THAT([&] { read_pose_table(path, {.individual = "untracked_0"}); },
              ::testing::ThrowsMessage<Error>(HasSubstr("'untracked_0' is no animal")));
}

TEST(Sleap, ScoresAboveOneAreCutInTheWholeTable) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/score-above-one.slp");
  const RawTable raw = read_raw_table(path);
  EXPECT_EQ(raw.values[2], 1);  // 1.743 in the file
  EXPECT_THAT(raw.notes, ElementsAre(HasSubstr("up to 1.743")));
}

TEST(Sleap, ASkeletonMadeFromATemplateIsRead) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/template-skeleton.slp");
  const Poses poses = read_pose_table(path).table.poses;
  EXPECT_THAT(poses.bodyparts, ElementsAre("nose", "tail"));
  EXPECT_THAT(first_x(poses), xs({10, 11}));
}

TEST(Sleap, AFileWithoutFramesIsAnEmptyTable) {
  POSSE_SHARED_OR_SKIP(path, "hard-cases/tables/no-frames.slp");
  const LoadedPoses loaded = read_pose_table(path);
  EXPECT_EQ(loaded.table.poses.num_frames(), 0U);
  EXPECT_THAT(loaded.notes.warnings, Contains("holds no instances"));
}

// In these files x is frame + 100 node + 1000 track, and y half a pixel more.
TEST(Sleap, AxesComeInTheOrderThatTheFileNames) {
  POSSE_SHARED_OR_SKIP(one, "hard-cases/tables/analysis-standard-1animal-3nodes.h5");
  const LoadedPoses loaded = read_pose_table(one);
  const Poses& poses = loaded.table.poses;
  EXPECT_THAT(loaded.notes.warnings, IsEmpty());
  ASSERT_EQ(poses.num_frames(), 3U);
  for (size_t frame = 0; frame < 3; ++frame) {
    for (size_t node = 0; node < 3; ++node) {
      const double x = static_cast<double>(frame) + 100 * static_cast<double>(node);
      EXPECT_EQ(poses.at(frame, node).x, x);
      EXPECT_EQ(poses.at(frame, node).y, x + 0.5);
      EXPECT_EQ(poses.at(frame, node).likelihood, 0.9);
    }
  }
  POSSE_SHARED_OR_SKIP(two, "hard-cases/tables/analysis-standard-2animals-2nodes.h5");
  EXPECT_THAT(first_x(read_pose_table(two, {.individual = "m1"}).table.poses),
              xs({1000, 1001, 1002}));
}

}  // namespace
}  // namespace posse
