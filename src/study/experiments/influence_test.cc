#include "study/experiments/influence.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace posse {
namespace {

const double kNaN = std::nan("");

// Three members at two places; the first two were trained on the frame.
const MemberValues kValues{3, 2, {1, 4, 3, kNaN, 10, 10}};
constexpr std::array<char, 3> kIncluded = {1, 1, 0};

TEST(Influence, IsTheDifferenceOfMeansVariancesAndStandardErrors) {
  const Influence influence = influence_of(kValues, kIncluded);
  EXPECT_EQ(influence.num_included, 2U);
  EXPECT_EQ(influence.bias, (std::vector<double>{-8, -6}));
  EXPECT_EQ(influence.variance, (std::vector<double>{1, 0}));
  EXPECT_NEAR(influence.standard_error[0], 1 / std::sqrt(2.0), 1e-14);
}

TEST(Influence, OfTheOriginalIsNaNWhereAnyMemberIs) {
  const Influence influence = influence_of(kValues, kIncluded, true);
  EXPECT_EQ(influence.bias[0], -8);
  EXPECT_TRUE(std::isnan(influence.bias[1]));
}

TEST(Influence, IsNaNWithoutAnybodyToCompareWith) {
  const std::array<char, 3> all = {1, 1, 1};
  const Influence influence = influence_of(kValues, all);
  EXPECT_TRUE(std::isnan(influence.bias[0]));
  EXPECT_TRUE(std::isnan(influence.standard_error[0]));
}

TEST(MeanInfluence, HasAnIntervalWhereBothSidesHaveTwoUnits) {
  const MemberValues values{4, 1, {1, 2, 11, 12}};
  const std::array<char, 4> included = {1, 1, 0, 0};
  const std::array<size_t, 4> apart = {0, 1, 2, 3}, together = {0, 0, 1, 2};
  const std::array<size_t, 1> place = {0};
  const MeanInfluence mean = mean_influence(values, included, place, apart);
  EXPECT_EQ(mean.value, -10);
  EXPECT_EQ(mean.interval.low, -11);  // 1 - 12, the furthest that draws of two give
  EXPECT_EQ(mean.interval.high, -9);
  EXPECT_TRUE(std::isnan(mean_influence(values, included, place, together).interval.low));
}

}  // namespace
}  // namespace posse
