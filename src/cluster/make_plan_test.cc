#include "cluster/make_plan.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

std::vector<ClusterVideo> videos_of(const std::vector<std::optional<int64_t>>& counts) {
  std::vector<ClusterVideo> videos;
  for (const auto& count : counts) {
    videos.emplace_back();
    videos.back().known.info.container_num_frames = count;
  }
  return videos;
}

// Every frame of the range lies in one unit, also those that the container does not announce.
TEST(UnitsOf, CoverEachVideoOnceToItsEnd) {
  const auto videos = videos_of({250, 100, std::nullopt, 0});
  const std::vector<Unit> units = units_of(videos, {}, 100);
  const std::vector<Unit> expected = {
      {0, 0, 100},          {0, 100, 200},        {0, 200, std::nullopt},
      {1, 0, std::nullopt}, {2, 0, std::nullopt}, {3, 0, std::nullopt}};
  EXPECT_EQ(units, expected);
}

TEST(UnitsOf, CountFramesOfTheRange) {
  const std::vector<Unit> units =
      units_of(videos_of({1000}), {.start = 7, .stop = 100, .step = 3}, 10);
  ASSERT_EQ(units.size(), 4U);  // 31 frames
  int64_t frames = 0, next = 7;
  for (const Unit& unit : units) {
    EXPECT_EQ(unit.begin, next);
    next = *unit.end;
    frames += FrameRange{.start = unit.begin, .stop = unit.end, .step = 3}.count(1000);
  }
  EXPECT_EQ(next, 100);
  EXPECT_EQ(frames, 31);
  EXPECT_EQ(units[0].end, 37);
}

TEST(TasksOf, GroupShortVideosAndCutLongOnes) {
  std::vector<Unit> units;
  const auto add = [&](size_t count) {
    const size_t video = units.empty() ? 0 : units.back().video + 1;
    for (size_t i = 0; i < count; ++i) units.push_back({.video = video});
  };
  for (int i = 0; i < 45; ++i) add(1);  // short ones
  add(50);                              // a long one
  add(15);
  add(10);
  const std::vector<Task> tasks = tasks_of(units);
  size_t next = 0;
  for (const Task& task : tasks) {  // consecutive, none too long
    EXPECT_EQ(task.first, next);
    EXPECT_LE(task.last - task.first, kTaskUnits);
    next = task.last;
  }
  EXPECT_EQ(next, units.size());
  const std::vector<Task> expected = {{0, 20},  {20, 40}, {40, 45},  {45, 65},
                                      {65, 85}, {85, 95}, {95, 110}, {110, 120}};
  EXPECT_EQ(tasks, expected);
  EXPECT_TRUE(tasks_of({}).empty());
}

TEST(FramesOfAMinute, AreRoundNumbers) {
  EXPECT_EQ(frames_of_a_minute(16.64), 1000);
  EXPECT_EQ(frames_of_a_minute(2.06), 120);
  EXPECT_EQ(frames_of_a_minute(0.001), 10);
  EXPECT_EQ(frames_of_a_minute(1e9), 100'000);
}

}  // namespace
}  // namespace posse
