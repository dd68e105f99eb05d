// Expected numbers come from SciPy 1.10.1, NumPy 1.24.2 and, where said, mpmath; the expression
// stands beside each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "study/scores/cluster_bootstrap.h"
#include "study/scores/coverage_scores.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"
#include "study/scores/ranking_scores.h"

namespace posse {
namespace {

constexpr double kOracle = 1e-9;

/// i = numpy.arange(40); abs(sin(1.7 i + 0.3)) 8 + 0.1 i
std::vector<double> example_errors() {
  std::vector<double> errors;
  for (int i = 0; i < 40; ++i) errors.push_back(std::abs(std::sin(1.7 * i + 0.3)) * 8 + 0.1 * i);
  return errors;
}

/// round(3 + 2 cos(0.9 i) + 0.05 i, 1), which has ties
std::vector<double> example_spreads() {
  std::vector<double> spreads;
  for (int i = 0; i < 40; ++i)
    spreads.push_back(std::nearbyint((3 + 2 * std::cos(0.9 * i) + 0.05 * i) * 10) / 10);
  return spreads;
}

TEST(DistanceSummary, AgreesWithNumpy) {
  const std::vector<double> radii = {5};
  const DistanceSummary summary = summarise_distances(example_errors(), radii);
  EXPECT_EQ(summary.count, 40U);
  EXPECT_NEAR(summary.rmse, 7.513012881886472, kOracle);    // sqrt(mean(err ** 2))
  EXPECT_NEAR(summary.median, 7.284149833923118, kOracle);  // median(err)
  EXPECT_NEAR(summary.p95, 10.917110856131398, kOracle);    // quantile(err, 0.95)
  EXPECT_NEAR(summary.pck[0], 0.275, kOracle);              // mean(err <= 5)
}

TEST(DistanceSummary, OfNothingIsNaN) {
  const std::vector<double> radii = {5};
  const DistanceSummary summary = summarise_distances({}, radii);
  EXPECT_TRUE(std::isnan(summary.rmse) && std::isnan(summary.median) && std::isnan(summary.p95));
  EXPECT_TRUE(std::isnan(summary.pck[0]));
}

TEST(GaussianScores, AgreeWithScipy) {
  const Covariance covariance{4, 1.2, 2.5};
  const double d2 = squared_mahalanobis(3, -1.5, covariance);
  EXPECT_NEAR(d2, 4.941588785046729, kOracle);                     // d @ inv(C) @ d
  EXPECT_NEAR(box_ordinate_pit(d2), 0.9154823078960432, kOracle);  // chi2.cdf(d2, 2)
  // -multivariate_normal([0, 0], C).logpdf(d)
  EXPECT_NEAR(log_score(3, -1.5, covariance), 5.382221554009536, kOracle);
  EXPECT_NEAR(region_bound(0.9), 4.605170185988092, kOracle);  // chi2.ppf(0.9, 2)
  // the defining integral of (cdf - step)^2 by quad
  EXPECT_NEAR(crps_normal(2.5, 1.3), 1.7936166283827157, kOracle);
  EXPECT_NEAR(crps_normal(-0.2, 4.0), 0.9387685009024359, kOracle);
}

TEST(GaussianScores, EnergyScoreOfIsotropicNormalIsItsMeanDistanceLessHalfItsOwn) {
  // scipy.stats.rice.mean(r / s, scale=s) - s sqrt(pi) / 2
  EXPECT_NEAR(energy_score_isotropic(2, 1.5), 1.3053927555154292, kOracle);
  EXPECT_NEAR(energy_score_isotropic(0.1, 3), 1.102305991512952, kOracle);
  EXPECT_NEAR(energy_score_isotropic(30, 1.1), 29.04532384063664, kOracle);
  // mpmath.laguerre(1/2, 0, -60^2 / (2 1.1^2)), beyond where Bessel functions overflow
  EXPECT_NEAR(energy_score_isotropic(60, 1.1), 59.035234563043, kOracle);
}

TEST(GaussianScores, EnergyScoreOfPointsAgreesWithItsDoubleSum) {
  const std::vector<Point> points = {{0, 0}, {3, 1}, {1, 4}};
  EXPECT_NEAR(energy_score_of_points(points, {1, 1}), 0.3229154272493602, kOracle);
  EXPECT_NEAR(energy_score_of_points(std::span(points).first(1), {3, 4}), 5, kOracle);
  EXPECT_TRUE(std::isnan(energy_score_of_points({}, {0, 0})));
}

TEST(GaussianScores, OfFlatCovariancesAreInfinite) {
  const Covariance flat{1, 1, 1};
  EXPECT_TRUE(std::isinf(squared_mahalanobis(1, -1, flat)));
  EXPECT_TRUE(std::isinf(log_score(1, -1, flat)));
  EXPECT_EQ(squared_mahalanobis(0, 0, flat), 0);
  EXPECT_EQ(box_ordinate_pit(squared_mahalanobis(1, -1, flat)), 1);
}

TEST(RankingScores, AgreeWithScipy) {
  const std::vector<double> errors = example_errors(), spreads = example_spreads();
  EXPECT_NEAR(spearman(errors, spreads), 0.1060535076881786, kOracle);  // spearmanr
  std::vector<char> failures;
  for (const double error : errors) failures.push_back(error > 6 ? 1 : 0);
  // mannwhitneyu(spread[fail], spread[~fail]).statistic / (n1 n2)
  EXPECT_NEAR(auroc(failures, spreads), 0.5071225071225072, kOracle);
  // cumsum of the errors in order of spread, ties at their mean
  const RiskCoverage areas = risk_coverage(errors, spreads);
  EXPECT_NEAR(areas.aurc, 6.769437059265419, kOracle);
  EXPECT_NEAR(areas.augrc, 3.523601970939275, kOracle);
  EXPECT_NEAR(areas.aurc_scaled, 0.8936166603415803, kOracle);
  EXPECT_NEAR(areas.augrc_scaled, 0.9038382702647525, kOracle);
}

TEST(RankingScores, ScalesFromBestToChance) {
  const std::vector<double> errors = {1, 2, 3, 4, 9}, equal(5, 1.0);
  EXPECT_NEAR(risk_coverage(errors, errors).aurc_scaled, 0, kOracle);
  EXPECT_NEAR(risk_coverage(errors, errors).augrc_scaled, 0, kOracle);
  EXPECT_NEAR(risk_coverage(errors, equal).aurc_scaled, 1, kOracle);
  EXPECT_NEAR(risk_coverage(errors, equal).augrc_scaled, 1, kOracle);
  EXPECT_TRUE(std::isnan(risk_coverage(equal, errors).aurc_scaled));
  EXPECT_TRUE(std::isnan(spearman(equal, errors)));
  const std::vector<char> none(5, 0);
  EXPECT_TRUE(std::isnan(auroc(none, errors)));
}

TEST(RankingScores, AreaIsTheMeanOfTheRiskCoverageCurve) {
  const std::vector<double> errors{3, 1, 4, 1, 5, 9, 2, 6}, spreads{2, 7, 1, 8, 2, 8, 1, 8};
  const std::vector<RiskPoint> curve = risk_curve(errors, spreads, 100);
  ASSERT_EQ(curve.size(), errors.size());
  double sum = 0;
  for (const RiskPoint& point : curve) sum += point.error;
  EXPECT_NEAR(sum / 8, risk_coverage(errors, spreads).aurc, 1e-12);
  EXPECT_EQ(curve.back().kept, 1);
  EXPECT_NEAR(curve.back().error, 31.0 / 8, 1e-12);
  EXPECT_EQ(curve.front().error, 3);  // the two of spread 1 count as their mean
}

TEST(RankingScores, ThinnedCurveKeepsItsEnd) {
  const std::vector<double> errors(1000, 2.0);
  const std::vector<RiskPoint> curve = risk_curve(errors, errors, 60);
  EXPECT_EQ(curve.size(), 60);
  EXPECT_EQ(curve.back().kept, 1);
  EXPECT_TRUE(risk_curve({}, {}, 60).empty());
}

TEST(CoverageScores, AgreeWithNumpy) {
  std::vector<double> pit;
  for (int i = 0; i < 40; ++i) pit.push_back(std::fmod(i * 0.37, 1.0));
  const CalibrationError error = calibration_error(pit);
  EXPECT_NEAR(error.mean_absolute, 0.014141414141414146, kOracle);
  EXPECT_NEAR(error.root_mean_square, 0.01769551675231083, kOracle);
}

TEST(CoverageScores, CountBinsAndCompareSpreadWithError) {
  const std::vector<double> pit = {0, 0.05, 0.1, 0.95, 1};
  const auto counts = pit_histogram(pit);
  EXPECT_EQ(counts[0], 2U);
  EXPECT_EQ(counts[1], 1U);
  EXPECT_EQ(counts[9], 2U);
  EXPECT_DOUBLE_EQ(coverage_at(pit, 0.1), 0.6);
  const std::vector<double> distances = {3, 4}, traces = {5, 7.5};
  EXPECT_DOUBLE_EQ(spread_skill(distances, traces), std::sqrt(2.0));
}

/// One draw of the two-dimensional normal distribution with this covariance.
Point draw(std::mt19937_64& generator, const Covariance& covariance) {
  std::normal_distribution<double> normal;
  const double u = normal(generator), v = normal(generator), s = std::sqrt(covariance.xx);
  return {s * u, covariance.xy / s * u + std::sqrt(determinant(covariance)) / s * v};
}

TEST(CoverageScores, GaussianErrorsHaveUniformPitAndNominalCoverage) {
  std::mt19937_64 generator(7);
  std::vector<double> pit, overconfident;
  for (int i = 0; i < 4000; ++i) {
    const Covariance covariance{1.0 + i % 5, 0.3 * (i % 3), 2.0 + i % 2};
    const Point error = draw(generator, covariance);
    const double d2 = squared_mahalanobis(error.x, error.y, covariance);
    pit.push_back(box_ordinate_pit(d2));
    overconfident.push_back(box_ordinate_pit(9 * d2));  // spreads three times too small
  }
  std::vector<double> sorted = pit;
  std::sort(sorted.begin(), sorted.end());
  double largest = 0;  // Kolmogorov and Smirnov
  for (size_t i = 0; i < sorted.size(); ++i)
    largest = std::max(largest, std::abs(sorted[i] - (static_cast<double>(i) + 0.5) / 4000));
  EXPECT_LT(largest, 1.63 / std::sqrt(4000.0));  // p = 0.01
  for (const double p : kRegionShares)
    EXPECT_NEAR(coverage_at(pit, p), p, 3 * std::sqrt(p * (1 - p) / 4000));
  // 1 - 0.1^(1/9): what a region of a ninth of the area holds
  EXPECT_NEAR(coverage_at(overconfident, 0.9), 1 - std::pow(0.1, 1.0 / 9), 0.02);
}

double mean_of_sums(std::span<const double> sums) { return sums[0] / sums[1]; }

TEST(ClusterBootstrap, IntervalsCoverAtTheirRate) {
  std::mt19937_64 generator(3);
  std::normal_distribution<double> normal;
  const int simulations = 400;
  int covered = 0, covered_by_points = 0;
  for (int simulation = 0; simulation < simulations; ++simulation) {
    GroupSums by_group(2), by_point(2);
    int64_t point = 0;
    for (int64_t group = 0; group < 40; ++group) {
      const double common = normal(generator);  // what the points of a clip share
      for (int i = 0; i < 5; ++i) {
        const std::vector<double> terms = {common + 0.5 * normal(generator), 1};
        by_group.add(group, terms);
        by_point.add(point++, terms);
      }
    }
    const BootstrapOptions options{.num_samples = 400};
    const Interval groups = by_group.interval(mean_of_sums, options);
    const Interval points = by_point.interval(mean_of_sums, options);
    covered += groups.low <= 0 && groups.high >= 0 ? 1 : 0;
    covered_by_points += points.low <= 0 && points.high >= 0 ? 1 : 0;
  }
  EXPECT_NEAR(covered / 400.0, 0.95, 0.033);   // three standard errors of 400 simulations
  EXPECT_LT(covered_by_points / 400.0, 0.80);  // frames as if they were independent
}

TEST(ClusterBootstrap, NeedsTwoGroupsAndRepeatsItself) {
  GroupSums sums(2);
  sums.add(5, std::vector<double>{1, 1});
  EXPECT_TRUE(std::isnan(sums.interval(mean_of_sums).low));
  sums.add(2, std::vector<double>{3, 1});
  sums.add(5, std::vector<double>{2, 1});
  EXPECT_EQ(sums.num_groups(), 2U);
  EXPECT_DOUBLE_EQ(sums.value(mean_of_sums), 2);
  const Interval first = sums.interval(mean_of_sums), second = sums.interval(mean_of_sums);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
  EXPECT_DOUBLE_EQ(first.low, 1.5);
  EXPECT_DOUBLE_EQ(first.high, 3);
}

TEST(ShareWithin, HasAnIntervalFromTwentyPointsOfTwoGroupsOn) {
  ShareWithin share;
  EXPECT_TRUE(std::isnan(share.value()));
  for (size_t i = 0; i + 1 < kFewPoints; ++i) share.add(static_cast<int64_t>(i % 2), i % 2 == 0);
  EXPECT_TRUE(std::isnan(share.interval().low));
  share.add(1, false);
  EXPECT_EQ(share.count(), kFewPoints);
  EXPECT_EQ(share.num_groups(), 2U);
  EXPECT_EQ(share.value(), 0.5);
  // One group is all within, the other all without: of two draws both are the one, or the other.
  EXPECT_EQ(share.interval().low, 0);
  EXPECT_EQ(share.interval().high, 1);
}

}  // namespace
}  // namespace posse
