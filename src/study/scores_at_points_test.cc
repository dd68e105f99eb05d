#include "study/scores_at_points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "consensus/geometric_median.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Two rows, three columns, one bodypart, stride 8: cell (r, c) has its centre at (8c + 4, 8r + 4).
struct SmallMap {
  float logits[6] = {0, 1, -2, 3, -0.5F, 2};
  ScoremapView view() const {
    return {.logits = logits, .height = 2, .width = 3, .num_bodyparts = 1, .stride = 8};
  }
};

double at(const ScoremapView& map, double x, double y) {
  const Point point{x, y};
  return scores_at_points(map, {&point, 1})[0].confidence;
}

TEST(ScoresAtPoints, TakesTheMembersGeometricMedian) {
  const SmallMap map;
  const Point members[] = {{3, 4}, {4, 4}, {20, 4}};  // on a line: the middle one
  const Point centre = geometric_median(members);
  EXPECT_DOUBLE_EQ(scores_at_points(map.view(), {&centre, 1})[0].confidence, 0.5);
}

TEST(ScoresAtPoints, ACellsCentreHasTheSigmoidOfItsLogit) {
  const SmallMap map;
  EXPECT_DOUBLE_EQ(at(map.view(), 4, 4), 0.5);
  EXPECT_DOUBLE_EQ(at(map.view(), 12, 4), 1 / (1 + std::exp(-1.0)));
  EXPECT_DOUBLE_EQ(at(map.view(), 4, 12), 1 / (1 + std::exp(-3.0)));
}

TEST(ScoresAtPoints, BetweenTwoCellsTheEvenOneIsTaken) {
  const SmallMap map;
  EXPECT_DOUBLE_EQ(at(map.view(), 8, 4), at(map.view(), 4, 4));    // cell 0.5 -> 0
  EXPECT_DOUBLE_EQ(at(map.view(), 16, 4), at(map.view(), 20, 4));  // cell 1.5 -> 2
}

TEST(ScoresAtPoints, OutsideTheMapAndNaNAreNaN) {
  const SmallMap map;
  EXPECT_TRUE(std::isnan(at(map.view(), -1, 4)));
  EXPECT_TRUE(std::isnan(at(map.view(), 25, 4)));
  EXPECT_TRUE(std::isnan(at(map.view(), 4, 17)));
  EXPECT_TRUE(std::isnan(at(map.view(), kNan, 4)));
}

TEST(ScoresAtPoints, SharesOfAllCellsSumToOne) {
  const SmallMap map;
  double sum = 0;
  for (int row = 0; row < 2; ++row) {
    for (int col = 0; col < 3; ++col) {
      const Point point{8.0 * col + 4, 8.0 * row + 4};
      sum += scores_at_points(map.view(), {&point, 1})[0].share;
    }
  }
  EXPECT_NEAR(sum, 1, 1e-15);  // six roundings of numbers below 1
}

TEST(ScoresAtPoints, TheNumberOfPointsMustBeThatOfBodyparts) {
  const SmallMap map;
  EXPECT_THROW(scores_at_points(map.view(), {}), Error);
}

TEST(SummedRmse, ErrorsAreSummedOverBodypartsAndAveragedOverFrames) {
  const std::vector<Point> points{{3, 4}, {0, 0}, {0, 0}, {1, 0}};
  const std::vector<Point> truth(4);
  EXPECT_DOUBLE_EQ(summed_rmse(points, truth, 2), std::sqrt(26.0 / 2));
  EXPECT_DOUBLE_EQ(summed_rmse(points, truth, 4), std::sqrt(26.0));
}

TEST(SummedRmse, DistancesBelowEpsilonAreNoError) {
  const std::vector<Point> points{{3, 4}, {1, 0}};
  const std::vector<Point> truth(2);
  EXPECT_DOUBLE_EQ(summed_rmse(points, truth, 1, 2), std::sqrt(25.0 / 2));
  EXPECT_DOUBLE_EQ(summed_rmse(points, truth, 1, 1), std::sqrt(26.0 / 2));  // not below: counted
}

TEST(SummedRmse, NaNAndNoFramesGiveNaN) {
  const std::vector<Point> points{{kNan, 0}};
  EXPECT_TRUE(std::isnan(summed_rmse(points, std::vector<Point>(1), 1)));
  EXPECT_TRUE(std::isnan(summed_rmse({}, {}, 1)));
}

TEST(SummedRmse, SetsMustFitTogether) {
  const std::vector<Point> three(3);
  EXPECT_THROW(summed_rmse(three, std::vector<Point>(2), 1), Error);
  EXPECT_THROW(summed_rmse(three, three, 2), Error);
}

}  // namespace
}  // namespace posse
