#include "study/scores/block_length.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "study/scores/cluster_bootstrap.h"

namespace posse {
namespace {

/// x_t = phi x_{t-1} + a normal number, from its stationary distribution.
std::vector<double> autoregression(double phi, size_t count, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> series = {normal(generator) / std::sqrt(1 - phi * phi)};
  while (series.size() < count) series.push_back(phi * series.back() + normal(generator));
  return series;
}

TEST(StationaryBlockLength, IsTheKnownOneOfAnAutoregression) {
  // With R(k) proportional to phi^|k|: sum |k| R(k) / sum R(k) = 2 phi / (1 - phi^2), and
  // b = (that^2 n)^(1/3).
  constexpr size_t kCount = 4000;
  for (const double phi : {0.3, 0.6, 0.8}) {
    const double ratio = 2 * phi / (1 - phi * phi);
    const double expected = std::cbrt(ratio * ratio * kCount);
    double mean = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed)
      mean += stationary_block_length(autoregression(phi, kCount, seed)) / 20;
    EXPECT_NEAR(mean / expected, 1, 0.12) << phi;
  }
}

TEST(StationaryBlockLength, IsShortWithoutMemoryAndBoundedWithMuch) {
  double mean = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed)
    mean += stationary_block_length(autoregression(0, 1000, seed)) / 20;
  EXPECT_LT(mean, 3.5);
  EXPECT_LE(stationary_block_length(autoregression(0.999, 900, 1)), 90);
  EXPECT_EQ(stationary_block_length(std::vector<double>(50, 2.0)), 1);
  EXPECT_EQ(stationary_block_length(std::vector<double>{1, 2, 3}), 1);
}

TEST(StationaryBootstrap, IntervalsOfOneLongRecordingCoverAtTheirRate) {
  const auto mean_of_sums = [](std::span<const double> sums) { return sums[0] / sums[1]; };
  constexpr int kSimulations = 300;
  int covered = 0, covered_by_frames = 0;
  for (uint64_t seed = 1; seed <= kSimulations; ++seed) {
    GroupSums sums(2);
    int64_t frame = 0;
    for (const double value : autoregression(0.7, 400, seed))
      sums.add(frame++, std::array{value, 1.0});
    const Interval blocks = sums.interval(mean_of_sums, {.num_samples = 300, .over_time = true});
    const Interval frames = sums.interval(mean_of_sums, {.num_samples = 300});
    covered += blocks.low <= 0 && blocks.high >= 0 ? 1 : 0;
    covered_by_frames += frames.low <= 0 && frames.high >= 0 ? 1 : 0;
  }
  // Blocks of a finite series leave a little of the variance out: 95 % is reached from below.
  EXPECT_GT(covered / double{kSimulations}, 0.95 - 3 * 0.0126 - 0.03);
  EXPECT_LT(covered / double{kSimulations}, 0.99);
  EXPECT_LT(covered_by_frames / double{kSimulations}, 0.7);
}

TEST(StationaryBootstrap, OfASeriesWithoutMemoryIsThatOfItsFrames) {
  const auto mean_of_sums = [](std::span<const double> sums) { return sums[0] / sums[1]; };
  GroupSums sums(2);
  int64_t frame = 0;
  for (const double value : autoregression(0, 500, 3)) sums.add(frame++, std::array{value, 1.0});
  const Interval blocks = sums.interval(mean_of_sums, {.over_time = true});
  const Interval frames = sums.interval(mean_of_sums);
  EXPECT_NEAR((blocks.high - blocks.low) / (frames.high - frames.low), 1, 0.15);
}

}  // namespace
}  // namespace posse
