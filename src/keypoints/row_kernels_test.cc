#include "keypoints/row_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "keypoints/scoremap.h"
#include "support/shared_data.h"

namespace posse {
namespace {

class RowKernelsOf : public ::testing::TestWithParam<InstructionSet> {
 protected:
  const RowKernels& kernels() const { return *row_kernels_for(GetParam()); }
};

struct Sums {
  explicit Sums(size_t count)
      : mass(padded_row(count)), first(mass.size()), second(mass.size()), odds(mass.size()) {}
  OddsSums view() { return {.mass = mass.data(), .first = first.data(), .second = second.data()}; }
  std::vector<double> mass, first, second;
  std::vector<float> odds;
};

TEST_P(RowKernelsOf, SoftmaxWeightsAreExpOfTheLogit) {
  // Every 9973rd float32 number of the range (a prime, so that all mantissas come up): about two
  // million.
  std::vector<float> logits;
  for (float x = 1e-6F; x < kLogitLimit;) {
    logits.push_back(x);
    logits.push_back(-x);
    for (int step = 0; step < 9973; ++step) {
      x = std::nextafter(x, 100.0F);
    }
  }
  logits.insert(logits.end(), {0, kLogitLimit, -kLogitLimit});
  Sums sums(logits.size());
  kernels().add_softmax(logits.data(), logits.size(), 1, 2, sums.mass.data(), sums.first.data());
  double worst = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    worst = std::max(worst, std::abs(sums.mass[i] / std::exp(static_cast<double>(logits[i])) - 1));
    ASSERT_EQ(sums.first[i], 2 * sums.mass[i]);
  }
  EXPECT_LT(worst,
            1.3e-7);  // the bound stated at exponential(): one float32 rounding of 6e-8 each for 1
                      // + r and its sum
}

/// p / (1 - p) of the mean of sigmoids, in double.
double odds_of_mean(const std::vector<double>& logits) {
  double yes = 0;
  double no = 0;
  for (const double logit : logits) {
    yes += sigmoid(logit);
    no += sigmoid(-logit);
  }
  return yes / no;
}

double odds_of_median(std::vector<double> logits) {
  std::ranges::sort(logits);
  const size_t middle = logits.size() / 2;
  return logits.size() % 2 == 1 ? std::exp(logits[middle])
                                : odds_of_mean({logits[middle - 1], logits[middle]});
}

TEST_P(RowKernelsOf, OddsOfMeanAndMedianAgreeWithDoublePrecision) {
  std::mt19937 generator(testing::seed_of_this_test());
  std::normal_distribution<float> value(-4, 8);
  for (const size_t num_members : {1, 2, 3, 4, 5, 8, 9, 20, 32}) {
    const size_t count = 203;  // no multiple of any vector's width
    std::vector<std::vector<float>> logits(num_members, std::vector<float>(count));
    std::vector<const float*> rows;
    for (auto& member : logits) {
      std::ranges::generate(member, [&] { return value(generator); });
      rows.push_back(member.data());
    }
    Sums mean(count);
    Sums median(count);
    kernels().add_mean_odds(rows.data(), num_members, count, 3, mean.odds.data(), mean.view());
    kernels().add_median_odds(rows.data(), num_members, count, 3, median.odds.data(),
                              median.view());
    for (size_t i = 0; i < count; ++i) {
      std::vector<double> values;
      for (const auto& member : logits) {
        values.push_back(static_cast<double>(member[i]));
      }
      // exp 1.3e-7, and half an ulp (6e-8) each for its sum with 1, inverse, product, n additions
      // and the final quotient; additions of many terms average out far below n * 6e-8.
      const double tolerance = 1e-6;
      ASSERT_NEAR(static_cast<double>(mean.odds[i]) / odds_of_mean(values), 1, tolerance)
          << num_members;
      ASSERT_NEAR(static_cast<double>(median.odds[i]) / odds_of_median(values), 1, tolerance)
          << num_members;
      ASSERT_EQ(mean.mass[i], static_cast<double>(mean.odds[i]));
      ASSERT_EQ(mean.first[i], 3 * mean.mass[i]);
      ASSERT_EQ(median.second[i], 9 * median.mass[i]);
    }
  }
}

TEST_P(RowKernelsOf, NanStaysNanInItsPlaceOnly) {
  std::vector<float> a(37, 1.0F);
  const std::vector<float> b(37, 2.0F);
  a[5] = a[36] = std::numeric_limits<float>::quiet_NaN();
  const std::array<const float*, 3> rows = {b.data(), a.data(), b.data()};
  Sums softmax(37);
  Sums mean(37);
  Sums median(37);
  kernels().add_softmax(a.data(), 37, 1, 1, softmax.mass.data(), softmax.first.data());
  kernels().add_mean_odds(rows.data(), 3, 37, 1, mean.odds.data(), mean.view());
  kernels().add_median_odds(rows.data(), 3, 37, 1, median.odds.data(), median.view());
  for (size_t i = 0; i < 37; ++i) {
    const bool expected = i == 5 || i == 36;
    EXPECT_EQ(std::isnan(softmax.mass[i]), expected) << i;
    EXPECT_EQ(std::isnan(mean.mass[i]), expected) << i;
    EXPECT_EQ(std::isnan(median.mass[i]), expected) << i;
  }
}

TEST_P(RowKernelsOf, KeepHighestKeepsTheFirstRowOfEqualValues) {
  const std::array<std::vector<float>, 3> rows = {
      std::vector<float>{1, 5, -3}, {2, 5, -4}, {2, 4, -3}};
  std::vector<float> highest(padded_row(3), -std::numeric_limits<float>::infinity());
  std::vector<float> row_of(padded_row(3), -1);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_FALSE(kernels().keep_highest(rows[row].data(), 3, static_cast<float>(row),
                                        highest.data(), row_of.data()));
  }
  EXPECT_EQ((std::vector<float>{row_of.begin(), row_of.begin() + 3}),
            (std::vector<float>{1, 0, 0}));
  EXPECT_EQ((std::vector<float>{highest.begin(), highest.begin() + 3}),
            (std::vector<float>{2, 5, -3}));
  const std::vector<float> nan = {0, 1, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_TRUE(kernels().keep_highest(nan.data(), 3, 3, highest.data(), row_of.data()));
}

INSTANTIATE_TEST_SUITE_P(Available, RowKernelsOf,
                         ::testing::ValuesIn(available_instruction_sets().begin(),
                                             available_instruction_sets().end()),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace posse
