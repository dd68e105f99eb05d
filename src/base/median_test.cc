#include "base/median.h"

#include <gtest/gtest.h>

#include <vector>

namespace posse {
namespace {

TEST(MedianOf, IsTheMiddleValueOrTheMeanOfTheTwo) {
  std::vector<double> odd = {5, -1, 9, 2, 7}, even = {8, 1, 4, -3}, one = {6}, same = {2, 2, 2, 5};
  EXPECT_EQ(median_of(odd), 5);
  EXPECT_EQ(median_of(even), 2.5);
  EXPECT_EQ(median_of(one), 6);
  EXPECT_EQ(median_of(same), 2);
}

TEST(UpperMedianOf, IsAlwaysOneOfTheValues) {
  std::vector<double> odd = {5, -1, 9, 2, 7}, even = {8, 1, 4, -3}, two = {3, 1};
  EXPECT_EQ(upper_median_of(odd), 5);
  EXPECT_EQ(upper_median_of(even), 4);
  EXPECT_EQ(upper_median_of(two), 3);
}

}  // namespace
}  // namespace posse
