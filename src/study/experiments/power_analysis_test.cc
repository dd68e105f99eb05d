#include "study/experiments/power_analysis.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace posse {
namespace {

TEST(ChanceOfOutlier, IsOneLessTheChanceOfNone) {
  EXPECT_NEAR(chance_of_outlier(5, 2, 2), 1 - 3.0 / 10, 1e-14);  // C(3, 2) of C(5, 2)
  EXPECT_EQ(chance_of_outlier(5, 2, 4), 1);
  EXPECT_NEAR(chance_of_outlier(5, 0, 3), 0, 1e-14);
  EXPECT_TRUE(std::isnan(chance_of_outlier(5, 6, 1)));
}

TEST(GlassDelta, DividesByTheFirstGroupsDeviation) {
  EXPECT_NEAR(glass_delta(std::array{1.0, 3.0}, std::array{5.0}), 3, 1e-14);
  EXPECT_TRUE(std::isnan(glass_delta({}, std::array{5.0})));
}

TEST(NoncentralT, HasClosedFormsAndTheSymmetryOfItsKind) {
  const double pi = std::acos(-1.0);
  for (const double t : {-30.0, -1.0, 0.0, 0.3, 7.0})  // one degree: Cauchy
    EXPECT_NEAR(noncentral_t_cdf(t, 1, 0), 0.5 + std::atan(t) / pi, 1e-9);
  for (const double t : {-2.0, 0.5, 3.0})  // two degrees
    EXPECT_NEAR(noncentral_t_cdf(t, 2, 0), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-9);
  for (const double shift : {0.5, 3.0}) {  // P(T <= 0) = P(Z <= -shift)
    EXPECT_NEAR(noncentral_t_cdf(0, 17.5, shift), 0.5 * std::erfc(shift / std::sqrt(2.0)), 1e-10);
    EXPECT_NEAR(noncentral_t_cdf(1.2, 9, shift), 1 - noncentral_t_cdf(-1.2, 9, -shift), 1e-10);
  }
}

TEST(TestPower, IsTheLevelWithoutAnEffectAndGrowsWithTheGroups) {
  EXPECT_NEAR(t_test_power(0, 10, 12, 0.05), 0.05, 1e-9);
  // Cohen 1988, table 2.4.1: d = 0.5, alpha 0.05 two-sided, power 0.8: 64 in each group
  const double size = t_test_size(0.5, 1, 0.05, 0.8);
  EXPECT_EQ(std::ceil(size), 64);
  EXPECT_NEAR(t_test_power(0.5, size, size, 0.05), 0.8, 1e-7);
  EXPECT_TRUE(std::isnan(t_test_size(0, 1, 0.05, 0.8)));
  EXPECT_TRUE(std::isnan(t_test_size(0.5, INFINITY, 0.05, 0.8)));
}

}  // namespace
}  // namespace posse
