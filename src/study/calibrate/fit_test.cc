#include "study/calibrate/fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "study/calibrate/fit_calibration.h"
#include "study/calibrate/regions.h"
#include "study/judge/uncertainty_table.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

/// Labelled points whose truth is known: errors with variance `factor` times that of the members'
/// mean, or a constant one.
struct World {
  double noise = 1;   ///< px, of every error
  double factor = 1;  ///< errors' variance over the members' spread
  bool informative = true;
  double share_swapped = 0;
  int num_members = 5;
};

std::vector<FitPoint> points_of(const World& world, size_t count, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<FitPoint> points;
  for (size_t i = 0; i < count; ++i) {
    const double spread = std::exp(1.0 * normal(generator));  // px, of this point
    std::vector<Point> members;
    for (int m = 0; m < world.num_members; ++m)
      members.push_back({spread * normal(generator), spread * normal(generator)});
    const double sd = world.informative
                          ? std::sqrt(world.noise * world.noise + world.factor * spread * spread)
                          : world.noise;
    const double far = uniform(generator) < world.share_swapped ? 60 : 0;
    points.push_back({.bodypart = i % 3,
                      .facts = spread_of(members, {0.1, 0, 0.1}),
                      .dx = sd * normal(generator) + far,
                      .dy = sd * normal(generator),
                      .likelihood = 0.5,
                      .group = static_cast<int64_t>(i / 10),
                      .video = static_cast<int64_t>(i / 100),
                      .unseen_video = true,
                      .picture = i / 3});
  }
  return points;
}

const std::vector<double> kShares = {0.5, 0.8, 0.9, 0.95};

/// Share of the points within their 90 % regions, all outside the folds.
double coverage_outside_folds(std::vector<FitPoint> points, const CrossFit& fit) {
  for (FitPoint& point : points) point.unseen_video = false;
  const std::vector<double> d2 = squared_radii(points, fit.chosen());
  const auto bounds = bounds_outside_fold(points, fit, d2, {.shares = {0.9}, .num_bodyparts = 3});
  double within = 0;
  for (size_t i = 0; i < d2.size(); ++i) within += d2[i] <= bounds[0][i] ? 1 : 0;
  return within / static_cast<double>(d2.size());
}

double coverage_of(std::span<const FitPoint> points, const PredictiveModel& model, double share) {
  double within = 0;
  for (const FitPoint& p : points) {
    const Covariance c = model.covariance(p.bodypart, p.facts);
    within += squared_mahalanobis(p.dx, p.dy, c) <= region_bound(share) ? 1 : 0;
  }
  return within / static_cast<double>(points.size());
}

TEST(FitModel, RecoversCoverageOfErrorsThatFollowTheSpread) {
  // Many members: with few, their covariance is itself uncertain and the errors have heavier tails
  // than the model, which is what the conformal bounds are for.
  const World world{.noise = 1, .factor = 1, .num_members = 40};
  const PredictiveModel model = fit_model(points_of(world, 2000, 1), 3);
  const std::vector<FitPoint> others = points_of(world, 4000, 2);
  for (const double share : {0.5, 0.8, 0.9, 0.95})
    EXPECT_NEAR(coverage_of(others, model, share), share, 0.03) << share;
}

TEST(RegionBounds, CoverNewPointsWithFewMembersToo) {
  const World world{.noise = 1, .factor = 1, .num_members = 3};
  std::vector<FitPoint> points = points_of(world, 1500, 21);
  for (FitPoint& point : points) point.unseen_video = false;
  const CrossFit fit = cross_fit(points, 3, 0);
  const std::vector<Region> regions = fit_regions(points, squared_radii(points, fit.chosen()),
                                                  {.shares = kShares, .num_bodyparts = 3});
  const PredictiveModel model = fit_model(points, 3);
  const std::vector<FitPoint> others = points_of(world, 4000, 22);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_FALSE(regions[i].over_videos);
    double within = 0;
    for (const FitPoint& p : others) {
      const Covariance c = model.covariance(p.bodypart, p.facts);
      within += squared_mahalanobis(p.dx, p.dy, c) <= regions[i].bodyparts[p.bodypart] ? 1 : 0;
    }
    EXPECT_NEAR(within / 4000, kShares[i], 0.03);
  }
}

TEST(FitModel, OfFewPointsTakesWhatHoldsOfAllBodyparts) {
  std::vector<FitPoint> points = points_of({}, 300, 5);
  size_t kept = 0;  // 19 points of the third bodypart, with ten times the errors and spread
  std::erase_if(points, [&](const FitPoint& p) { return p.bodypart == 2 && ++kept > 19; });
  for (FitPoint& p : points) {
    if (p.bodypart != 2) continue;
    p.dx *= 10;
    p.dy *= 10;
    p.facts.members = {400, 0, 400};
  }
  const PredictiveModel few = fit_model(points, 3);
  EXPECT_EQ(few.scale[2], 1);
  EXPECT_LT(few.pooled_members[2].xx, 100);
  EXPECT_NE(few.pooled_members[0].xx, few.pooled_members[2].xx);
  const auto third =
      std::find_if(points.begin(), points.end(), [](const FitPoint& p) { return p.bodypart == 2; });
  points.push_back(*third);  // the twentieth
  const PredictiveModel enough = fit_model(points, 3);
  EXPECT_NE(enough.scale[2], 1);
  EXPECT_EQ(enough.pooled_members[2].xx, 400);
}

TEST(FitModel, IsNotMovedBySwaps) {
  World world{.noise = 2, .factor = 0.5};
  const PredictiveModel clean = fit_model(points_of(world, 1500, 3), 3);
  world.share_swapped = 0.04;
  const PredictiveModel swapped = fit_model(points_of(world, 1500, 3), 3);
  const FitPoint point = points_of(world, 1, 5)[0];
  const double ratio =
      trace(swapped.covariance(0, point.facts)) / trace(clean.covariance(0, point.facts));
  EXPECT_NEAR(ratio, 1, 0.35);  // least squares would give more than 10
}

TEST(FitModel, KeepsTheFloorOfLabelNoise) {
  const World world{.noise = 0.5, .factor = 0.1};
  EXPECT_GE(fit_model(points_of(world, 300, 4), 3, {.constant = false, .floor = 1.5}).a, 1.5);
}

TEST(CrossFit, UsesTheSpreadWhereItTellsAndAConstantWhereItDoesNot) {
  EXPECT_FALSE(cross_fit(points_of({.noise = 1, .factor = 1}, 600, 6), 3, 0).constant_wins);
  for (const uint64_t seed : {7, 8, 9}) {
    const CrossFit fit = cross_fit(points_of({.noise = 3, .informative = false}, 600, seed), 3, 0);
    EXPECT_TRUE(fit.constant_wins) << seed;
    EXPECT_EQ(fit.num_folds, 5U);
  }
}

TEST(CrossFit, CalibratesMembersThatAreThreeTimesTooSure) {
  const std::vector<FitPoint> points = points_of({.noise = 0.3, .factor = 9}, 1500, 10);
  double raw = 0;
  for (const FitPoint& p : points)
    raw += squared_mahalanobis(p.dx, p.dy, p.facts.members) <= region_bound(0.9) ? 1 : 0;
  EXPECT_LT(raw / 1500, 0.45);  // the ensemble's own region is recognised as too small
  const CrossFit fit = cross_fit(points, 3, 0);
  EXPECT_FALSE(fit.constant_wins);
  EXPECT_NEAR(coverage_outside_folds(points, fit), 0.9, 0.025);
}

TEST(CrossFit, RecognisesAFailedMemberAndCalibratesAllTheSame) {
  std::vector<FitPoint> points = points_of({.noise = 2, .informative = false}, 1500, 31);
  std::mt19937_64 generator(32);
  std::normal_distribution<double> normal;
  std::vector<StatedError> raw;
  for (FitPoint& p : points) {
    std::vector<Point> members;
    for (int m = 0; m < 4; ++m) members.push_back({2 * normal(generator), 2 * normal(generator)});
    members.push_back({80 * normal(generator), 80 * normal(generator)});
    p.facts = spread_of(members, {0.1, 0, 0.1});
    raw.push_back({.dx = p.dx,
                   .dy = p.dy,
                   .covariance = p.facts.members,
                   .energy = std::nan(""),
                   .order = std::nan(""),
                   .group = p.group});
  }
  EXPECT_LT(summarise_uncertainty(raw, {}).spread_skill, 0.2);  // the spread is its alone
  const CrossFit fit = cross_fit(points, 3, 0);
  EXPECT_TRUE(fit.constant_wins);
  EXPECT_NEAR(coverage_outside_folds(points, fit), 0.9, 0.025);
}

TEST(FitCalibration, OfASplitIsHeldAgainstThePointsThatItsFitDidNotUse) {
  const std::vector<FitPoint> points = points_of({.noise = 1, .factor = 1}, 400, 12);
  const FittedCalibration fitted =
      fit_calibration(points, {.num_bodyparts = 3, .shares = kShares, .split = 0.5});
  const std::vector<char> is_fitted = split_points(points, 0.5);
  std::vector<FitPoint> part, rest;
  for (size_t i = 0; i < points.size(); ++i) (is_fitted[i] != 0 ? part : rest).push_back(points[i]);
  ASSERT_EQ(fitted.points.size(), rest.size());
  const PredictiveModel model = fit_model(part, 3);
  double within = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    EXPECT_EQ(fitted.points[i].dx, rest[i].dx);
    const Covariance c = model.covariance(rest[i].bodypart, rest[i].facts);
    within += squared_mahalanobis(rest[i].dx, rest[i].dy, c) <= fitted.bounds[2][i] ? 1 : 0;
  }
  EXPECT_NEAR(fitted.checks[2].points, within / static_cast<double>(rest.size()), 1e-12);
  EXPECT_EQ(fitted.regions[2].bound, conformal_bound(squared_radii(rest, fitted.covariances), 0.9));
}

TEST(CrossFit, FoldsHoldWholeGroups) {
  const std::vector<FitPoint> points = points_of({}, 100, 11);
  const CrossFit fit = cross_fit(points, 3, 0);
  for (size_t i = 0; i < points.size(); ++i) EXPECT_EQ(fit.fold[i], fit.fold[i / 10 * 10]);
}

TEST(MoseqNoise, IsTheLineOfNumpyPolyfit) {
  // numpy.polyfit(log10(c + 0.001), log10(d2), 1) with c = [0.1, 0.5, 0.9], d2 = [100, 25, 4]
  std::vector<FitPoint> points(3);
  const std::vector<double> c = {0.1, 0.5, 0.9}, d = {10, 5, 2};
  for (size_t i = 0; i < 3; ++i) {
    points[i].likelihood = c[i];
    points[i].dx = d[i];
  }
  const MoseqNoise noise = moseq_noise(points, 5);
  EXPECT_NEAR(noise.slope, -1.3431403951028982, 1e-9);
  EXPECT_NEAR(noise.intercept, 0.7328975929935031, 1e-9);
  EXPECT_NEAR(noise.slope * std::log10(noise.conf_threshold + 0.001) + noise.intercept,
              std::log10(25.0), 1e-9);
  points.resize(1);
  EXPECT_TRUE(std::isnan(moseq_noise(points, 5).slope));
}

}  // namespace
}  // namespace posse
