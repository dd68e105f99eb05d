#include "smoothing/filter/scalar_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "support/dense_oracle.h"
#include "support/shared_data.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Random tracks and variances; some observations missing.
struct Problem {
  Problem(size_t frames, size_t lanes, double share_missing)
      : observations(frames, lanes), variances(frames, lanes), s(lanes) {
    std::mt19937 random(testing::seed_of_this_test());
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    for (size_t i = 0; i < lanes; ++i) {
      double x = 100;
      s[i] = std::exp(2 * normal(random));
      for (size_t t = 0; t < frames; ++t) {
        x += normal(random);
        variances.at(t, i) = std::exp(normal(random));
        observations.at(t, i) = uniform(random) < share_missing ? kNan : x + normal(random);
      }
    }
  }
  FrameArray observations;
  FrameArray variances;
  std::vector<double> s;
};

testing::DensePosterior dense_lane(const Problem& problem, const ScalarPrior& prior, size_t lane) {
  const auto one = [](double value) { return testing::WideMatrix::Constant(1, 1, value); };
  const testing::DenseModel model{
      .transition = one(1),
      .process = one(problem.s[lane]),
      .initial_mean = testing::WideVector::Constant(1, prior.mean[lane]),
      .initial_variance = one(prior.variance[lane]),
      .observation = one(1)};
  const auto frames = static_cast<Eigen::Index>(problem.observations.num_frames());
  Eigen::MatrixXd y(frames, 1);
  Eigen::MatrixXd r(frames, 1);
  for (Eigen::Index t = 0; t < frames; ++t) {
    y(t, 0) = problem.observations.at(static_cast<size_t>(t), lane);
    r(t, 0) = problem.variances.at(static_cast<size_t>(t), lane);
  }
  return testing::condition(model, y, r);
}

ScalarLikelihoodRows all_rows(const FrameArray& track) {
  return {.ranges = {{.begin = 0, .end = track.num_frames()}}};
}

TEST(ScalarFilter, SmoothingAgreesWithTheDenseGaussianConditional) {
  const Problem problem(40, 6, 0.2);
  const ScalarPrior prior = prior_from_track(problem.observations);
  const ScalarTracks tracks =
      smooth_tracks(problem.observations, problem.variances, prior, problem.s);
  for (size_t i = 0; i < 6; ++i) {
    const auto dense = dense_lane(problem, prior, i);
    for (size_t t = 0; t < 40; ++t) {
      // 1e-9 asked for; values near 100, so a few hundred roundings would still pass
      EXPECT_NEAR(tracks.position.at(t, i), static_cast<double>(dense.mean[t](0)), 1e-9);
      EXPECT_NEAR(tracks.variance.at(t, i), static_cast<double>(dense.variance[t](0, 0)), 1e-9);
    }
  }
}

TEST(ScalarFilter, LikelihoodAgreesWithTheDenseGaussian) {
  const Problem problem(40, 5, 0.2);
  const ScalarPrior prior = prior_from_track(problem.observations);
  const auto values = negative_log_likelihood(problem.observations, problem.variances, prior,
                                              problem.s, all_rows(problem.observations));
  for (size_t i = 0; i < 5; ++i) {
    const double dense = static_cast<double>(dense_lane(problem, prior, i).negative_log_likelihood);
    EXPECT_NEAR(values[i], dense, 1e-10 * std::abs(dense));  // 40 terms of similar size: 1e-14 each
  }
}

TEST(ScalarFilter, FilteredStateOfTheLastFrameIsTheSmoothedOne) {
  const Problem problem(30, 3, 0.1);
  const ScalarPrior prior = prior_from_track(problem.observations);
  const ScalarTracks filtered =
      filter_tracks(problem.observations, problem.variances, prior, problem.s);
  const ScalarTracks smoothed =
      smooth_tracks(problem.observations, problem.variances, prior, problem.s);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(filtered.position.at(29, i), smoothed.position.at(29, i));
    EXPECT_EQ(filtered.variance.at(29, i), smoothed.variance.at(29, i));
    for (size_t t = 0; t < 29; ++t)
      EXPECT_LT(smoothed.variance.at(t, i), filtered.variance.at(t, i));
  }
}

TEST(ScalarFilter, UncertaintyGrowsInsideAGapAndIsLargestInItsMiddle) {
  const size_t frames = 61;
  FrameArray y(frames, 1);
  FrameArray v(frames, 1);
  for (size_t t = 0; t < frames; ++t) {
    y.at(t, 0) = t >= 20 && t <= 40 ? kNan : 50 + std::sin(static_cast<double>(t));
    v.at(t, 0) = 0.5;
  }
  const std::vector<double> s{0.3};
  const auto tracks = smooth_tracks(y, v, prior_from_track(y), s);
  for (size_t t = 19; t < 30; ++t)
    EXPECT_LT(tracks.variance.at(t, 0), tracks.variance.at(t + 1, 0));
  for (size_t t = 30; t < 41; ++t)
    EXPECT_GT(tracks.variance.at(t, 0), tracks.variance.at(t + 1, 0));
  // across a gap a random walk interpolates linearly
  const double slope = (tracks.position.at(41, 0) - tracks.position.at(19, 0)) / 22;
  EXPECT_NEAR(tracks.position.at(30, 0), tracks.position.at(19, 0) + 11 * slope,
              1e-10);  // rounding at 50 px
}

TEST(ScalarFilter, LongTracksStayFiniteAndPositiveAtExtremeSmoothing) {
  const size_t frames = 1000000;
  FrameArray y(frames, 8);
  FrameArray v(frames, 8);
  std::mt19937 random(testing::seed_of_this_test());
  for (size_t t = 0; t < frames; ++t) {
    for (size_t i = 0; i < 8; ++i) {
      const bool agree =
          (t + i) % 3 == 0;  // members that agree exactly, next to ones that know nothing
      y.at(t, i) = 1000 + static_cast<double>(random() % 1000) / 1000;
      v.at(t, i) = agree ? 0.0 : 1000.0;
    }
  }
  const std::vector<double> s{1e-6, 1e-4, 1e-2, 1, 1e2, 1e4, 1e5, 1e6};
  const auto tracks = smooth_tracks(y, v, prior_from_track(y), s);
  for (size_t t = 0; t < frames; ++t) {
    for (size_t i = 0; i < 8; ++i) {
      ASSERT_GT(tracks.variance.at(t, i), 0);
      ASSERT_GE(tracks.position.at(t, i),
                1000 - 1e-9);  // smoothed positions are weighted means of the observed ones
      ASSERT_LE(tracks.position.at(t, i), 1001 + 1e-9);
    }
  }
}

TEST(ScalarFilter, LikelihoodDoesNotOverflowWithHugeVariances) {
  const size_t frames = 5000;
  FrameArray y(frames, 1);
  FrameArray v(frames, 1);
  std::fill(y.values().begin(), y.values().end(), 1.0);
  std::fill(v.values().begin(), v.values().end(), 1e200);
  const ScalarPrior prior{.mean = {1.0}, .variance = {0.0}};
  const std::vector<double> s{1e-6};
  const double value = negative_log_likelihood(y, v, prior, s, all_rows(y))[0];
  const double expected = frames * 0.5 * (std::log(2 * M_PI) + 200 * std::log(10));
  EXPECT_NEAR(value, expected, 1e-9 * expected);  // summed by exponents, 5000 terms
}

TEST(ScalarFilter, RestartingAtRangesAddsTheirLikelihoods) {
  const Problem problem(50, 2, 0.0);
  const ScalarPrior prior = prior_from_track(problem.observations);
  const auto value = [&](const ScalarLikelihoodRows& rows) {
    return negative_log_likelihood(problem.observations, problem.variances, prior, problem.s,
                                   rows)[0];
  };
  const double first = value({.ranges = {{0, 20}}});
  const double second = value({.ranges = {{30, 50}}});
  EXPECT_NEAR(value({.ranges = {{0, 20}, {30, 50}}, .restart_at_ranges = true}), first + second,
              1e-10);
  EXPECT_NE(value({.ranges = {{0, 20}, {30, 50}}}), first + second);
  EXPECT_NEAR(value({.ranges = {{0, 20}, {20, 50}}}), value({.ranges = {{0, 50}}}), 1e-12);
}

TEST(ScalarFilter, ThreadsDoNotChangeTheResult) {
  const Problem problem(50, 37, 0.1);
  const ScalarPrior prior = prior_from_track(problem.observations, 3);
  const auto one = smooth_tracks(problem.observations, problem.variances, prior, problem.s, 1);
  const auto three = smooth_tracks(problem.observations, problem.variances, prior, problem.s, 3);
  EXPECT_TRUE(std::ranges::equal(one.position.values(), three.position.values()));
  EXPECT_TRUE(std::ranges::equal(one.variance.values(), three.variance.values()));
}

TEST(ScalarFilter, ThreadsDoNotChangeALikelihoodThatIsWorthThem) {
  const Problem problem(50, 37, 0.1);
  const ScalarPrior prior = prior_from_track(problem.observations);
  ScalarLikelihoodRows rows{.restart_at_ranges = true};
  rows.ranges.assign(12000, {.begin = 0, .end = 50});  // 22 million steps: three threads' worth
  const auto likelihood = [&](const ScalarLikelihoodRows& of, int threads) {
    return negative_log_likelihood(problem.observations, problem.variances, prior, problem.s, of,
                                   threads);
  };
  const std::vector<double> one = likelihood(rows, 1);
  EXPECT_EQ(one, likelihood(rows, 3));
  const std::vector<double> once = likelihood({.ranges = {{.begin = 0, .end = 50}}}, 1);
  for (size_t i = 0; i < once.size(); ++i)  // sums of 12,000 equal terms
    EXPECT_NEAR(one[i] / (12000 * once[i]), 1, 1e-9);
}

TEST(ScalarFilter, ALaneWithoutObservationsIsNanAndItsNeighboursAreNot) {
  Problem problem(20, 3, 0.0);
  for (size_t t = 0; t < 20; ++t) problem.observations.at(t, 1) = kNan;
  const auto tracks = smooth_tracks(problem.observations, problem.variances,
                                    prior_from_track(problem.observations), problem.s);
  EXPECT_TRUE(std::isnan(tracks.position.at(7, 1)));
  EXPECT_TRUE(std::isnan(tracks.variance.at(7, 1)));
  EXPECT_TRUE(std::isfinite(tracks.position.at(7, 0)));
  EXPECT_TRUE(std::isfinite(tracks.position.at(7, 2)));
}

}  // namespace
}  // namespace posse
