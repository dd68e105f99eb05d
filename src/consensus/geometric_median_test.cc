#include "consensus/geometric_median.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "support/shared_data.h"

namespace posse {
namespace {

TEST(GeometricMedian, OfAConvexQuadrilateralIsWhereItsDiagonalsCross) {
  const Point centre = geometric_median(std::vector<Point>{{0, 0}, {10, 0}, {8, 6}, {0, 9}});
  // (0,0)-(8,6) and (10,0)-(0,9): 0.75 x = 9 - 0.9 x.
  EXPECT_NEAR(centre.x, 9 / 1.65, 1e-8);
  EXPECT_NEAR(centre.y, 0.75 * 9 / 1.65, 1e-8);
}

TEST(GeometricMedian, OfAnEquilateralTriangleIsItsCentre) {
  const Point centre =
      geometric_median(std::vector<Point>{{0, 0}, {6, 0}, {3, 3 * std::sqrt(3.0)}});
  EXPECT_NEAR(centre.x, 3, 1e-8);
  EXPECT_NEAR(centre.y, std::sqrt(3.0), 1e-8);
}

TEST(GeometricMedian, OfATriangleWithAWideAngleIsThatCorner) {
  const Point centre = geometric_median(std::vector<Point>{{-10, 1}, {0, 0}, {10, 1}});
  EXPECT_EQ(centre.x, 0);
  EXPECT_EQ(centre.y, 0);
}

TEST(GeometricMedian, IsNotMovedByALostMember) {
  const Point centre =
      geometric_median(std::vector<Point>{{5, 5}, {5, 5}, {5, 5}, {900, -300}, {-400, 80}});
  EXPECT_EQ(centre.x, 5);
  EXPECT_EQ(centre.y, 5);
}

TEST(GeometricMedian, OfPointsOnALineIsTheMiddleOfTheMinimisingSegment) {
  const Point even = geometric_median(std::vector<Point>{{0, 0}, {1, 2}, {3, 6}, {50, 100}});
  EXPECT_NEAR(even.x, 2, 1e-12);
  EXPECT_NEAR(even.y, 4, 1e-12);
  const Point odd = geometric_median(std::vector<Point>{{0, 0}, {50, 100}, {3, 6}});
  EXPECT_EQ(odd.x, 3);
  const Point two = geometric_median(std::vector<Point>{{0, 0}, {2, 4}});
  EXPECT_EQ(two.y, 2);
}

TEST(GeometricMedian, LeavesAGivenPointThatIsNotTheMinimum) {
  // The mean of the points, where the search begins, is one of them.
  const std::vector<Point> points = {{0, 0}, {4, 0}, {-4, 1}, {-4, -1}, {4, 30}, {0, -30}};
  const Point centre = geometric_median(points);
  EXPECT_TRUE(std::isfinite(centre.x) && std::isfinite(centre.y));
  EXPECT_LT(std::abs(centre.y), 2);
}

TEST(GeometricMedian, HasNoBetterPointNearby) {
  std::mt19937 generator(testing::seed_of_this_test());
  std::normal_distribution<double> place(300, 40);
  const auto summed_distance = [](const std::vector<Point>& points, double x, double y) {
    double sum = 0;
    for (const Point& point : points) {
      sum += std::hypot(point.x - x, point.y - y);
    }
    return sum;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Point> points(static_cast<size_t>(3 + round % 9));
    for (Point& point : points) {
      point = {.x = place(generator), .y = place(generator)};
    }
    const Point centre = geometric_median(points);
    const double least = summed_distance(points, centre.x, centre.y);
    for (const auto& [dx, dy] :
         {std::pair{1.0, 0.0}, {-1.0, 0.0}, {0.0, 1.0}, {0.0, -1.0}, {0.7, 0.7}}) {
      // A sum near 1000 is known to 1e-12; a step of 1e-3 px from a minimum raises it by far more
      // unless it is flat.
      EXPECT_LE(least, summed_distance(points, centre.x + 1e-3 * dx, centre.y + 1e-3 * dy) + 1e-11);
    }
  }
}

}  // namespace
}  // namespace posse
