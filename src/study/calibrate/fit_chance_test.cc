#include "study/calibrate/fit_chance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace posse {
namespace {

/// Points at a distance of sd^power times a Rayleigh distribution.
struct Points {
  std::vector<double> sds, distances;
};

Points points_of(size_t count, double power, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Points points;
  for (size_t i = 0; i < count; ++i) {
    points.sds.push_back(std::exp(0.8 * normal(generator)));
    const double scale = 3 * std::pow(points.sds.back(), power);
    points.distances.push_back(scale * std::hypot(normal(generator), normal(generator)));
  }
  return points;
}

/// Mean chance and share found.
std::pair<double, double> reliability(const ChanceWithin& chance, const Points& points,
                                      double radius) {
  double said = 0, found = 0;
  const auto count = static_cast<double>(points.sds.size());
  for (size_t i = 0; i < points.sds.size(); ++i) {
    said += chance.chance(points.sds[i], radius) / count;
    found += (points.distances[i] <= radius ? 1 : 0) / count;
  }
  return {said, found};
}

TEST(FitChance, IsTheMaximumThatScipyFinds) {
  // scipy.optimize.minimize of the penalised likelihood at the median of the distances, 3.5
  const std::vector<double> sds = {1, 1.5, 2, 2.5, 3, 4, 5, 7};
  const std::vector<double> distances = {1, 4, 2, 3, 6, 2.5, 8, 9};
  const ChanceWithin chance = fit_chance(sds, distances);
  const auto middle = std::find(chance.radii.begin(), chance.radii.end(), 3.5);
  ASSERT_NE(middle, chance.radii.end());
  const auto j = static_cast<size_t>(middle - chance.radii.begin());
  EXPECT_NEAR(chance.center, 1.0068947164774598, 1e-9);
  EXPECT_NEAR(chance.width, 0.5999339162805915, 1e-9);
  EXPECT_NEAR(chance.intercept[j], 1.194044e-4, 1e-7);
  EXPECT_NEAR(chance.slope[j], -0.246415841, 1e-7);
}

TEST(FitChance, IsTrueOnNewPointsWhateverTheSpreadTells) {
  for (const double power : {1.0, 0.5, 0.0}) {
    const ChanceWithin chance =
        fit_chance(points_of(2000, power, 1).sds, points_of(2000, power, 1).distances);
    const Points others = points_of(4000, power, 2);
    for (const double radius : {1.0, 2.0, 4.0, 8.0}) {
      const auto [said, found] = reliability(chance, others, radius);
      EXPECT_NEAR(said, found, 0.03) << power << " " << radius;
    }
    Points sure, unsure;
    for (size_t i = 0; i < others.sds.size(); ++i) {
      Points& where = others.sds[i] < 1 ? sure : unsure;
      where.sds.push_back(others.sds[i]);
      where.distances.push_back(others.distances[i]);
    }
    for (const Points* half : {&sure, &unsure}) {
      const auto [said, found] = reliability(chance, *half, 4);
      EXPECT_NEAR(said, found, 0.04) << power;
    }
  }
}

TEST(FitChance, OnTheFittedPointsTheMeanChanceIsTheShareFound) {
  const Points points = points_of(60, 0.3, 5);
  const ChanceWithin chance = fit_chance(points.sds, points.distances);
  ASSERT_EQ(chance.radii.size(), 19U);
  for (const double radius : chance.radii) {
    // exact but for the places where the curves are held from falling
    const auto [said, found] = reliability(chance, points, radius);
    EXPECT_NEAR(said, found, 0.01) << radius;
  }
}

TEST(FitChance, EqualSpreadsAndEqualDistancesAreNoFailure) {
  const std::vector<double> sds(30, 2.0);
  std::vector<double> distances;
  for (int i = 1; i <= 30; ++i) distances.push_back(0.1 * i);
  EXPECT_NEAR(fit_chance(sds, distances).chance(2, 1.5), 0.5, 0.02);
  EXPECT_NEAR(fit_chance(sds, std::vector<double>(30, 0.0)).chance(2, 1), 30 / 31.0, 1e-12);
}

}  // namespace
}  // namespace posse
