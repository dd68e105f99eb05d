#include "study/experiments/principal_components.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {

TEST(PrincipalComponents, OfPointsOnALineAreThatLineWithTheLargestScorePositive) {
  // (0, 0), (3, 4), (9, 12): all variance along (0.6, 0.8), mean at 20 / 3 from the origin.
  const std::vector<double> rows = {0, 0, 3, 4, 9, 12};
  const PrincipalComponents found = principal_components(rows, 3);
  ASSERT_EQ(found.num_components, 2U);
  EXPECT_NEAR(found.explained_ratio[0], 1, 1e-12);
  EXPECT_EQ(found.explained_ratio[1], 0);
  EXPECT_NEAR(found.scores[0], 0 - 20.0 / 3, 1e-9);
  EXPECT_NEAR(found.scores[4], 15 - 20.0 / 3, 1e-9);
  EXPECT_NEAR(found.directions[0], 0.6, 1e-12);
  EXPECT_NEAR(found.directions[1], 0.8, 1e-12);
  EXPECT_NEAR(found.origin[0], -20.0 / 3, 1e-9);
  EXPECT_EQ(found.directions[2], 0);
}

TEST(PrincipalComponents, OfEqualMembersAreNone) {
  const PrincipalComponents found = principal_components(std::vector<double>{1, 2, 1, 2}, 2);
  EXPECT_EQ(found.explained_ratio, (std::vector<double>{0, 0}));
  EXPECT_EQ(found.scores, (std::vector<double>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace posse
