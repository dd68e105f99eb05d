#include "consensus/log_odds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "keypoints/scoremap.h"

namespace posse {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double naive_logit_of_mean(const std::vector<double>& logits) {
  double mean = 0;
  for (const double logit : logits) {
    mean += 1 / (1 + std::exp(-logit)) / static_cast<double>(logits.size());
  }
  return std::log(mean) - std::log(1 - mean);
}

TEST(LogitOfMean, AgreesWithTheTextbookFormulaWhereThatIsAccurate) {
  const std::vector<std::vector<double>> cases = {
      {0, 1}, {-3, 2, 5}, {-8, -7.5, -9, -2}, {4, 4.5, 3}};
  for (const auto& logits : cases) {
    // The textbook formula loses up to exp(|logit|) = 1e4 roundings to cancellation.
    EXPECT_NEAR(logit_of_mean(logits), naive_logit_of_mean(logits), 1e-11);
  }
}

TEST(LogitOfMean, OfOneOrOfEqualLogitsIsThatLogit) {
  EXPECT_EQ(logit_of_mean(std::vector<double>{123.456}), 123.456);
  EXPECT_NEAR(logit_of_mean(std::vector<double>{-7.25, -7.25, -7.25}), -7.25, 1e-14);
}

TEST(LogitOfMean, StaysFiniteWhereProbabilitiesRoundToZeroOrOne) {
  // 1 - p = (exp(-800) + exp(-900)) / 2: the logit is 800 + log(2).
  EXPECT_NEAR(logit_of_mean(std::vector<double>{800, 900}), 800 + std::log(2.0), 1e-12);
  EXPECT_NEAR(logit_of_mean(std::vector<double>{-800, -900}), -800 - std::log(2.0), 1e-12);
  EXPECT_NEAR(logit_of_mean(std::vector<double>{-800, 900}), 0, 1e-12);
}

TEST(LogitOfMean, TakesInfiniteLogitsAsCertainty) {
  EXPECT_EQ(logit_of_mean(std::vector<double>{kInfinity, kInfinity}), kInfinity);
  EXPECT_EQ(logit_of_mean(std::vector<double>{-kInfinity, -kInfinity}), -kInfinity);
  EXPECT_NEAR(logit_of_mean(std::vector<double>{kInfinity, -kInfinity}), 0, 1e-15);
  EXPECT_TRUE(std::isnan(logit_of_mean(std::vector<double>{0, std::nan("")})));
}

TEST(LogitOfMedian, OfOddManyIsTheMiddleLogitAndOfEvenManyTheMeanOfTwoProbabilities) {
  std::vector<double> odd = {5, -2, 900};
  EXPECT_EQ(logit_of_median(odd), 5);
  std::vector<double> even = {900, 1, -700, -1};
  EXPECT_NEAR(logit_of_median(even), 0, 1e-15);
}

TEST(LogitOfWeightedMean, WithEqualWeightsIsTheMean) {
  const std::vector<double> logits = {3, -5, 40};
  EXPECT_NEAR(logit_of_weighted_mean(logits, std::vector<double>(3, 1.0 / 3)),
              logit_of_mean(logits), 1e-14);
  EXPECT_EQ(logit_of_weighted_mean(logits, std::vector<double>{0, 1, 0}), -5);
}

TEST(ConsensusProbability, IsTheMeanOrMedianOfProbabilities) {
  std::vector<double> logits = {std::log(0.25 / 0.75), std::log(0.5 / 0.5), std::log(0.9 / 0.1)};
  EXPECT_NEAR(consensus_probability(logits, ConsensusMethod::mean), 0.55, 1e-15);
  EXPECT_NEAR(consensus_probability(logits, ConsensusMethod::median), 0.5, 1e-15);
  EXPECT_NEAR(sigmoid(consensus_logit(logits, ConsensusMethod::mean)), 0.55, 1e-15);
}

}  // namespace
}  // namespace posse
