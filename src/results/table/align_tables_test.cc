#include "results/table/align_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace posse {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PoseTable table_of(std::vector<std::string> bodyparts, std::vector<int64_t> frames) {
  PoseTable table{.scorer = "S", .poses = {std::move(bodyparts), std::move(frames), {}}};
  for (const int64_t frame : table.poses.frame_index) {
    for (const std::string& bodypart : table.poses.bodyparts) {
      table.poses.keypoints.push_back(
          {static_cast<double>(frame), static_cast<double>(bodypart[0]), 0.5});
    }
  }
  return table;
}

TEST(AlignTables, PointsAreMatchedByFrameNumberAndName) {
  const std::vector<PoseTable> tables = {table_of({"a", "b"}, {0, 1, 2}),
                                         table_of({"b", "a", "c"}, {1, 2, 3})};
  const std::vector<std::string> names = {"one.csv", "two.csv"};
  const AlignedTables any = align_tables(tables, names);
  EXPECT_THAT(any.bodyparts, ElementsAre("a", "b", "c"));
  EXPECT_THAT(any.frame_index, ElementsAre(0, 1, 2, 3));
  for (const Poses& member : any.members) {
    for (size_t row = 0; row < member.num_frames(); ++row) {
      for (size_t j = 0; j < member.num_bodyparts(); ++j) {
        const Keypoint& point = member.at(row, j);
        if (std::isnan(point.x)) continue;
        EXPECT_EQ(point.x, static_cast<double>(any.frame_index[row]));
        EXPECT_EQ(point.y, static_cast<double>(any.bodyparts[j][0]));
      }
    }
  }
  EXPECT_TRUE(std::isnan(any.members[1].at(0, 0).x));
  EXPECT_EQ(any.members[1].at(0, 0).likelihood, 0.0);
  EXPECT_THAT(any.differences,
              ElementsAre(HasSubstr("3 frames from 0 to 2"), HasSubstr("lacks c"),
                          HasSubstr("3 frames from 1 to 3"), HasSubstr("another order")));
  const AlignedTables common =
      align_tables(tables, names, {.frames = FrameMatch::common, .common_bodyparts = true});
  EXPECT_THAT(common.bodyparts, ElementsAre("a", "b"));
  EXPECT_THAT(common.frame_index, ElementsAre(1, 2));
}

TEST(AlignTables, TablesWithNothingInCommonAreAnError) {
  const std::vector<PoseTable> tables = {table_of({"a"}, {0}), table_of({"b"}, {1})};
  const std::vector<std::string> names = {"one.csv", "two.csv"};
  EXPECT_THROW(align_tables(tables, names, {.common_bodyparts = true}), Error);
  EXPECT_THROW(align_tables(tables, names, {.frames = FrameMatch::common}), Error);
  EXPECT_THROW(align_tables({}, {}), Error);
}

TEST(AlignTables, EqualTablesDifferInNothing) {
  const std::vector<PoseTable> tables(2, table_of({"a"}, {0, 1}));
  EXPECT_TRUE(align_tables(tables, std::vector<std::string>{"one", "two"}).differences.empty());
}

}  // namespace
}  // namespace posse
