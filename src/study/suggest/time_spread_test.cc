#include "study/suggest/time_spread.h"

#include <gtest/gtest.h>

#include <numeric>

namespace posse {
namespace {

std::vector<int64_t> numbers(size_t count, int64_t step = 1) {
  std::vector<int64_t> frames(count);
  for (size_t i = 0; i < count; ++i) frames[i] = static_cast<int64_t>(i) * step;
  return frames;
}

TEST(FreeRows, BlockByFrameNumberNotByRow) {
  const auto frames = numbers(10, 5);  // 0, 5, ..., 45
  FreeRows free(frames, 6);
  free.block_around(20);
  for (size_t row = 0; row < 10; ++row) EXPECT_EQ(free.is_free(row), row < 3 || row > 5) << row;
  FreeRows none(frames, 0);
  none.block_around(20);
  none.block_around(21);  // there is no such row
  for (size_t row = 0; row < 10; ++row) EXPECT_EQ(none.is_free(row), row != 4);
}

TEST(HighestApart, TakesPeaksAndLeavesTheirNeighbours) {
  const auto frames = numbers(8);
  const std::vector<float> scores = {1, 9, 8, 2, 3, 3, 7, 5};
  const std::vector<uint8_t> plain(8, 0);
  const FreeRows free(frames, 2);
  EXPECT_EQ(highest_apart(scores, frames, plain, free, 9, 0), (std::vector<size_t>{1, 6, 4}));
  EXPECT_EQ(highest_apart(scores, frames, plain, free, 2, 0), (std::vector<size_t>{1, 6}));
  std::vector<uint8_t> special(8, 0);
  special[1] = special[6] = 1;
  EXPECT_EQ(highest_apart(scores, frames, special, free, 9, 1), (std::vector<size_t>{1, 7, 4}));
}

TEST(EvenlyApart, GoesAroundWhatIsTaken) {
  const auto frames = numbers(100);
  FreeRows free(frames, 5);
  EXPECT_EQ(evenly_apart(frames, free, 4), (std::vector<size_t>{12, 37, 62, 87}));
  free.block_around(12);
  EXPECT_EQ(evenly_apart(frames, free, 4), (std::vector<size_t>{17, 37, 62, 87}));
  EXPECT_TRUE(evenly_apart({}, FreeRows({}, 1), 4).empty());
}

}  // namespace
}  // namespace posse
