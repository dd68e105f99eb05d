#include "study/judge/video_coverage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace posse {
namespace {

StatedError error_of(double d, double spread) {
  return {.dx = d, .dy = 0, .covariance = {1, 0, 1}, .energy = std::nan(""), .order = spread};
}

TEST(VideoCoverage, IsNearerTheVideosOwnThanThatOfPicturesChosenBySpread) {
  // The wider the spread, the more often the region misses: within where spread + noise < 0.9.
  std::mt19937_64 generator(5);
  std::uniform_real_distribution<double> uniform;
  const auto misses = [&](double spread) { return uniform(generator) < 0.5 * spread; };
  VideoSpread video;
  double truth = 0;
  for (int i = 0; i < 20000; ++i) {
    video.spreads.push_back(uniform(generator));
    truth += misses(video.spreads.back()) ? 0 : 1.0 / 20000;
  }
  std::vector<StatedError> errors;
  while (errors.size() < 2000) {
    const double spread = uniform(generator);
    if (uniform(generator) > spread * spread) continue;  // labellers like difficult frames
    errors.push_back(error_of(misses(spread) ? 100 : 0, spread));
  }
  const VideoCoverage coverage = video_coverage(errors, video);
  EXPECT_EQ(coverage.num_bins, 9U);  // the least two are merged
  EXPECT_NEAR(truth, 0.75, 0.01);
  EXPECT_LT(coverage.labelled, 0.68);
  EXPECT_NEAR(coverage.video, truth, 0.04);
}

TEST(VideoCoverage, IsNotEstimatedFromFewLabels) {
  VideoSpread video;
  for (int i = 0; i < 100; ++i) video.spreads.push_back(i);
  std::vector<StatedError> errors;
  for (int i = 0; i < 20; ++i) errors.push_back(error_of(0, 5 * i));
  const VideoCoverage coverage = video_coverage(errors, video);
  EXPECT_LT(coverage.num_bins, 3U);
  EXPECT_TRUE(std::isnan(coverage.video));
  EXPECT_EQ(coverage.labelled, 1);
}

}  // namespace
}  // namespace posse
