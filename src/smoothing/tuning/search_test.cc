#include "smoothing/tuning/search.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {

TEST(Search, FindsTheMinimaOfSeveralSmoothFunctionsAtOnce) {
  const std::vector<double> places{-7.3, -0.25, 0.0, 3.777, 7.9};
  const auto minima = minimise_exactly(places.size(), [&](std::span<const double> log_s) {
    std::vector<double> values;
    for (size_t b = 0; b < places.size(); ++b)
      values.push_back(1000 + 50 * std::cosh(log_s[b] - places[b]));
    return values;
  });
  for (size_t b = 0; b < places.size(); ++b) {
    EXPECT_NEAR(minima[b].log_s, places[b],
                1e-6);  // rounding of the value, 1e-13, blurs the place by 1e-7
    EXPECT_NEAR(minima[b].value, 1050, 1e-10);
    EXPECT_LT(minima[b].num_rounds, 60);
  }
}

TEST(Search, TheDeeperOfTwoValleysIsTaken) {
  const auto minima = minimise_exactly(1, [](std::span<const double> log_s) {
    const double x = log_s[0];
    return std::vector<double>{std::min((x + 5) * (x + 5), (x - 4) * (x - 4) - 0.5)};
  });
  EXPECT_NEAR(minima[0].log_s, 4, 1e-6);
}

TEST(Search, AMinimumAtTheBorderIsReached) {
  const auto minima = minimise_exactly(2, [](std::span<const double> log_s) {
    return std::vector<double>{log_s[0], -log_s[1]};
  });
  EXPECT_NEAR(minima[0].log_s, kLeastLogS, 1e-6);
  EXPECT_NEAR(minima[1].log_s, kMostLogS, 1e-6);
}

TEST(Search, AFlatFunctionEnds) {
  const auto minima =
      minimise_exactly(1, [](std::span<const double>) { return std::vector<double>{2.0}; });
  EXPECT_DOUBLE_EQ(minima[0].value, 2);
}

TEST(Search, TheFirstStepOfTheSearchOfEksHasUnitLength) {
  std::vector<double> visited;
  minimise_as_eks(std::vector<double>{0.5}, [&](std::span<const double> log_s) {
    visited.push_back(log_s[0]);
    return std::vector<double>{100 * log_s[0] * log_s[0]};
  });
  EXPECT_NEAR(visited[3], -0.5, 1e-6);  // three looks per step: here, above, below
}

}  // namespace
}  // namespace posse
