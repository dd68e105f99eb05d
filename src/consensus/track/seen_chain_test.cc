#include "consensus/track/seen_chain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace posse {
namespace {

TrackedFrame frame_of(double likelihood, bool missing = false) {
  TrackedFrame frame;
  frame.keypoints.resize(1);
  frame.keypoints[0].keypoint = {missing ? std::nan("") : 50, 50, likelihood};
  return frame;
}

std::vector<double> chances(const std::vector<double>& likelihoods, size_t lag,
                            double elapsed = 1) {
  SeenChain chain(1, {}, lag);
  std::vector<double> result;
  const auto keep = [&](const std::vector<TrackedFrame>& frames) {
    for (const TrackedFrame& frame : frames) result.push_back(frame.keypoints[0].chance_seen);
  };
  for (const double likelihood : likelihoods) keep(chain.push(frame_of(likelihood), elapsed));
  keep(chain.finish());
  return result;
}

/// The sum over all 2^n paths of states.
std::vector<double> by_all_paths(const std::vector<double>& likelihoods, double change) {
  const SeenOptions options;
  const size_t n = likelihoods.size();
  std::vector<double> seen(n, 0.0);
  double all = 0;
  for (unsigned path = 0; path < (1U << n); ++path) {
    double chance = 0.5;
    for (size_t t = 0; t < n; ++t) {
      const bool here = ((path >> t) & 1U) != 0;
      const double likely = 1 / (1 + std::exp(-options.slope * (likelihoods[t] - options.middle)));
      chance *= here ? likely : 1 - likely;
      if (t == 0) continue;
      const bool before = ((path >> (t - 1)) & 1U) != 0;
      chance *= here == before ? 1 - change : change;
    }
    all += chance;
    for (size_t t = 0; t < n; ++t) seen[t] += ((path >> t) & 1U) != 0 ? chance : 0;
  }
  for (double& chance : seen) chance /= all;
  return seen;
}

const std::vector<double> kLikelihoods = {0.9, 0.2, 0.1, 0.6, 0.95, 0.97, 0.3};

TEST(SeenChain, IsTheSumOverAllPaths) {
  const std::vector<double> expected = by_all_paths(kLikelihoods, 0.3);
  const std::vector<double> found = chances(kLikelihoods, kSeenLag);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], expected[t], 1e-12) << t;
}

TEST(SeenChain, TwoFramesOfTimeAreTwoSteps) {
  // Changed after two steps: once of the two.
  const std::vector<double> expected = by_all_paths(kLikelihoods, 2 * 0.3 * 0.7);
  const std::vector<double> found = chances(kLikelihoods, kSeenLag, 2);
  for (size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], expected[t], 1e-12) << t;
}

TEST(SeenChain, ASingleFrameIsWhatItSaysItself) {
  EXPECT_NEAR(chances({0.6}, kSeenLag)[0], 0.5, 1e-12);
  EXPECT_NEAR(chances({1}, kSeenLag)[0], 1 / (1 + std::exp(-1.2)), 1e-12);
}

TEST(SeenChain, WithoutALagTheNewestFrameIsAsWithAllBeforeIt) {
  const std::vector<double> found = chances(kLikelihoods, 0);
  EXPECT_NEAR(found.back(), by_all_paths(kLikelihoods, 0.3).back(), 1e-12);
  EXPECT_NEAR(found.front(), by_all_paths({kLikelihoods[0]}, 0.3)[0], 1e-12);
}

TEST(SeenChain, TheReadingBackwardsIsTheSame) {
  std::vector<double> backwards(kLikelihoods.rbegin(), kLikelihoods.rend());
  const std::vector<double> found = chances(kLikelihoods, kSeenLag);
  const std::vector<double> reversed = chances(backwards, kSeenLag);
  for (size_t t = 0; t < found.size(); ++t)
    EXPECT_NEAR(found[t], reversed[found.size() - 1 - t], 1e-12);
}

TEST(SeenChain, ThisMuchLookAheadIsEnough) {
  std::vector<double> likelihoods;
  for (int t = 0; t < 60; ++t) likelihoods.push_back(0.5 + 0.5 * std::sin(0.4 * t * t));
  const std::vector<double> found = chances(likelihoods, kSeenLag);
  const std::vector<double> all = chances(likelihoods, 1000);
  for (size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], all[t], 1e-3) << t;
}

TEST(SeenChain, AMissingPositionSaysNothing) {
  SeenChain chain(1, {}, 0);
  EXPECT_EQ(chain.push(frame_of(0, true), 1)[0].keypoints[0].chance_seen, 0.5);
}

}  // namespace
}  // namespace posse
