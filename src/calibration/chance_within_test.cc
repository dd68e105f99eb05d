#include "calibration/chance_within.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {

ChanceWithin example() {
  return {.center = std::log(2.0),
          .width = 0.5,
          .radii = {1, 4},
          .intercept = {0, 2},
          .slope = {-1, -0.5},
          .farthest = 10,
          .num_points = 99};
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

TEST(ChanceWithin, IsTheStatedCurveAtItsRadiiAndALineBetween) {
  const ChanceWithin chance = example();
  const double u = std::log(3.0 / 2) / 0.5;
  EXPECT_NEAR(chance.chance(3, 1), logistic(-u), 1e-12);
  EXPECT_NEAR(chance.chance(3, 4), logistic(2 - 0.5 * u), 1e-12);
  EXPECT_NEAR(chance.chance(3, 2.5), (logistic(-u) + logistic(2 - 0.5 * u)) / 2, 1e-12);
  EXPECT_NEAR(chance.chance(3, 0.5), logistic(-u) / 2, 1e-12);
  EXPECT_NEAR(chance.chance(3, 10), 0.99, 1e-12);
  EXPECT_NEAR(chance.chance(3, 1e9), 0.99, 1e-12);
  EXPECT_EQ(chance.chance(3, 0), 0);
  EXPECT_TRUE(std::isnan(chance.chance(std::nan(""), 5)));
}

TEST(ChanceWithin, NeverFallsWithTheRadius) {
  // At a small sd the first curve lies above the second.
  const ChanceWithin chance = example();
  for (const double sd : {0.01, 0.1, 1.0, 10.0, 100.0}) {
    double last = 0;
    for (double radius = 0; radius < 12; radius += 0.25) {
      const double here = chance.chance(sd, radius);
      EXPECT_GE(here, last) << sd << " " << radius;
      EXPECT_LE(here, 1);
      last = here;
    }
  }
}

TEST(ChanceWithin, OfPointsThatAreAllExact) {
  EXPECT_NEAR((ChanceWithin{.num_points = 20}.chance(1, 3)), 20 / 21.0, 1e-12);
}

}  // namespace
}  // namespace posse
