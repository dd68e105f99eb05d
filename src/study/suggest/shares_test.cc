#include "study/suggest/shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace posse {
namespace {

TEST(ShareOut, IsInProportionWithOneForEachAndAtMostFortyPercent) {
  const std::vector<double> equal(4, 2.5);
  EXPECT_EQ(share_out(equal, 20), (std::vector<int>{5, 5, 5, 5}));
  const std::vector<double> one_large = {1000, 1, 1, 1};
  EXPECT_EQ(share_out(one_large, 20), (std::vector<int>{8, 4, 4, 4}));
  const std::vector<double> linear = {1, 2, 3, 4};
  EXPECT_EQ(share_out(linear, 100), (std::vector<int>{10, 20, 30, 40}));
  const std::vector<double> some_zero = {0, 3};
  EXPECT_EQ(share_out(some_zero, 10), (std::vector<int>{5, 5}));  // 40 % each would not fill them
}

TEST(ShareOut, GivesTheHeaviestOneEachWhereThereAreTooFew) {
  const std::vector<double> weights = {1, 5, 3, 5};
  EXPECT_EQ(share_out(weights, 3), (std::vector<int>{0, 1, 1, 1}));
  EXPECT_EQ(share_out(weights, 0), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_TRUE(share_out({}, 3).empty());
}

TEST(ShareOut, GoesOverGroupsFirst) {
  const std::vector<double> weights = {1, 1, 1, 1};
  const std::vector<size_t> groups = {0, 0, 0, 1};  // three videos of one animal
  EXPECT_EQ(share_out(weights, groups, 12), (std::vector<int>{2, 2, 2, 6}));
}

TEST(DrawOf, DrawsDifferentNumbersAndTheSameAgain) {
  const auto drawn = draw_of(1000, 50, 7);
  EXPECT_EQ(drawn.size(), 50U);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::adjacent_find(drawn.begin(), drawn.end()), drawn.end());
  EXPECT_LT(drawn.back(), 1000U);
  EXPECT_EQ(draw_of(1000, 50, 7), drawn);
  EXPECT_NE(draw_of(1000, 50, 8), drawn);
  EXPECT_EQ(draw_of(3, 9, 1), (std::vector<uint64_t>{0, 1, 2}));
  EXPECT_TRUE(draw_of(0, 9, 1).empty());
}

// Every number has the chance count / population: over 4,000 seeds 3 of 20 are drawn 600 times each
// on average, with a standard deviation of sqrt(4000 * 0.15 * 0.85) = 22.6; five of these are room
// for 20 numbers at once.
TEST(DrawOf, GivesEveryNumberTheSameChance) {
  std::vector<int> counts(20);
  for (uint64_t seed = 0; seed < 4000; ++seed)
    for (const uint64_t number : draw_of(20, 3, seed)) ++counts[number];
  for (const int count : counts) EXPECT_NEAR(count, 600, 113);
}

}  // namespace
}  // namespace posse
