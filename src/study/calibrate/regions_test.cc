#include "study/calibrate/regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "base/error.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

TEST(ConformalBound, IsTheOrderStatistic) {
  std::vector<double> d2;
  for (int i = 1; i <= 19; ++i) d2.push_back(i);
  EXPECT_EQ(conformal_bound(d2, 0.9), 18);   // ceil(20 x 0.9)
  EXPECT_EQ(conformal_bound(d2, 0.95), 19);  // ceil(20 x 0.95)
  EXPECT_TRUE(std::isinf(conformal_bound({1, 2, 3}, 0.9)));
}

TEST(HierarchicalBound, NeedsNineVideosForNinetyPercent) {
  std::vector<double> d2;
  std::vector<int64_t> videos;
  for (int64_t video = 0; video < 8; ++video) {
    for (int i = 0; i < 10; ++i) {
      d2.push_back(static_cast<double>(video) + 0.01 * i);
      videos.push_back(video);
    }
  }
  EXPECT_TRUE(std::isinf(hierarchical_bound(d2, videos, 0.9)));
  EXPECT_TRUE(std::isfinite(hierarchical_bound(d2, videos, 0.8)));
  for (int i = 0; i < 3; ++i) {  // a ninth video, whatever the number of its points
    d2.push_back(8 + i);
    videos.push_back(8);
  }
  // 9 videos of mass 0.1 each: 0.9 is reached with the last point of the last
  EXPECT_EQ(hierarchical_bound(d2, videos, 0.9), 10);
}

TEST(HierarchicalBound, CoversNewVideosWhereFramesDoNot) {
  std::mt19937_64 generator(12);
  std::normal_distribution<double> normal;
  double by_videos = 0, by_points = 0;
  const int trials = 1000;
  for (int trial = 0; trial < trials; ++trial) {
    const auto video_of = [&] { return std::exp(normal(generator)); };
    std::vector<double> d2;
    std::vector<int64_t> videos;
    for (int64_t v = 0; v < 9; ++v) {
      const double level = video_of();
      for (int i = 0; i < 5; ++i) {
        d2.push_back(level);
        videos.push_back(v);
      }
    }
    const double next = video_of();
    by_videos += next <= hierarchical_bound(d2, videos, 0.9) ? 1 : 0;
    by_points += next <= conformal_bound(d2, 0.9) ? 1 : 0;
  }
  EXPECT_GE(by_videos / trials, 0.9 - 3 * std::sqrt(0.09 / trials));
  EXPECT_LT(by_points / trials, by_videos / trials + 1e-9);
}

TEST(FitRegions, AreOverVideosFromNineUnseenOnesOn) {
  for (const size_t num_videos : {8U, 9U}) {
    std::vector<FitPoint> points(100 * num_videos);
    std::vector<double> d2;
    for (size_t i = 0; i < points.size(); ++i) {
      points[i].video = static_cast<int64_t>(i / 100);
      points[i].unseen_video = true;
      d2.push_back(static_cast<double>(i % 100));
    }
    const auto regions = fit_regions(points, d2, {.shares = {0.9, 0.95}, .num_bodyparts = 1});
    EXPECT_EQ(regions[0].over_videos, num_videos == 9);
    EXPECT_FALSE(regions[1].over_videos);  // needs 19
    EXPECT_TRUE(std::isfinite(regions[1].bound));
  }
}

/// Twelve unseen videos of ten points, the last of which are far off.
struct Videos {
  std::vector<FitPoint> points;
  std::vector<double> d2;
};

Videos videos_with_a_far_one(size_t num_videos) {
  Videos videos;
  for (size_t v = 0; v < num_videos; ++v) {
    for (size_t i = 0; i < 10; ++i) {
      videos.points.push_back({.group = static_cast<int64_t>(v),
                               .video = static_cast<int64_t>(v),
                               .unseen_video = true,
                               .picture = 10 * v + i});
      videos.d2.push_back(v + 1 == num_videos && i >= 8 ? 400 : static_cast<double>(i));
    }
  }
  return videos;
}

TEST(FitRegions, GrowWithTheShareWhateverTheyComeFrom) {
  for (const size_t num_videos : {9U, 12U, 18U, 19U}) {
    const Videos videos = videos_with_a_far_one(num_videos);
    const auto regions = fit_regions(videos.points, videos.d2,
                                     {.shares = {0.5, 0.8, 0.9, 0.95, 0.85}, .num_bodyparts = 1});
    for (const auto& [smaller, larger] : {std::pair{0, 1}, {1, 4}, {4, 2}, {2, 3}}) {
      const Region &a = regions[static_cast<size_t>(smaller)],
                   &b = regions[static_cast<size_t>(larger)];
      EXPECT_LE(a.bound, b.bound) << num_videos << " " << b.share;
      EXPECT_LE(a.bodyparts[0], b.bodyparts[0]) << num_videos << " " << b.share;
    }
  }
}

TEST(BoundsOutsideFold, AreOverVideosWhereTheRegionsAre) {
  const Videos videos = videos_with_a_far_one(9);
  CrossFit fit{.num_folds = 3};
  for (const FitPoint& point : videos.points)
    fit.fold.push_back(static_cast<size_t>(point.video) % 3);
  const RegionOptions options{.shares = {0.9}, .num_bodyparts = 1};
  const Region region = fit_regions(videos.points, videos.d2, options)[0];
  EXPECT_TRUE(region.over_videos);
  EXPECT_EQ(region.bound, 400);  // nine videos: the largest
  const auto bounds = bounds_outside_fold(videos.points, fit, videos.d2, options);
  for (size_t i = 0; i < videos.points.size(); ++i)  // six videos: the largest of the others
    EXPECT_EQ(bounds[0][i], fit.fold[i] == 2 ? 9 : 400) << i;
}

/// Pictures with three bodyparts whose d^2 are those of normal errors times the bodypart's factor.
struct Poses {
  std::vector<FitPoint> points;
  std::vector<double> d2;
};

Poses poses_of(size_t num_pictures, const std::vector<double>& factors, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::exponential_distribution<double> half(0.5);  // chi-square with 2 degrees of freedom
  Poses poses;
  for (size_t picture = 0; picture < num_pictures; ++picture) {
    for (size_t p = 0; p < factors.size(); ++p) {
      poses.points.push_back(
          {.bodypart = p, .group = static_cast<int64_t>(picture / 4), .picture = picture});
      poses.d2.push_back(factors[p] * half(generator));
    }
  }
  return poses;
}

/// Shares of points and of whole poses within.
std::pair<double, double> coverage_of(const Poses& poses, const Region& region) {
  double within = 0;
  std::set<size_t> all, broken;
  for (size_t i = 0; i < poses.points.size(); ++i) {
    const bool is_within = poses.d2[i] <= region.bodyparts[poses.points[i].bodypart];
    within += is_within ? 1 : 0;
    all.insert(poses.points[i].picture);
    if (!is_within) broken.insert(poses.points[i].picture);
  }
  return {within / static_cast<double>(poses.points.size()),
          1 - static_cast<double>(broken.size()) / static_cast<double>(all.size())};
}

TEST(FitRegions, OfWholePosesHoldAllBodypartsAtOnce) {
  const Poses fitted = poses_of(2000, {1, 1, 1}, 1), others = poses_of(4000, {1, 1, 1}, 2);
  RegionOptions options{.shares = {0.9}, .num_bodyparts = 3};
  const Region each = fit_regions(fitted.points, fitted.d2, options)[0];
  EXPECT_NEAR(coverage_of(others, each).first, 0.9, 0.015);
  EXPECT_NEAR(coverage_of(others, each).second, 0.729, 0.02);  // 0.9^3
  options.simultaneous = true;
  const Region whole = fit_regions(fitted.points, fitted.d2, options)[0];
  EXPECT_NEAR(coverage_of(others, whole).second, 0.9, 0.015);
  // P(max of three <= b) = (1 - exp(-b / 2))^3
  EXPECT_NEAR(whole.bound, region_bound(std::cbrt(0.9)), 0.5);
}

TEST(FitRegions, HaveABoundForEachBodypartFromAHundredPointsOn) {
  const std::vector<double> factors = {1, 9, 1};
  const RegionOptions options{.shares = {0.9}, .num_bodyparts = 3};
  for (const size_t count : {99U, 100U}) {
    const Poses poses = poses_of(count, factors, 3);
    const Region region = fit_regions(poses.points, poses.d2, options)[0];
    const bool pooled = region.bodyparts[1] == region.bound;
    EXPECT_EQ(pooled, count == 99);
  }
  const Poses fitted = poses_of(2000, factors, 4), others = poses_of(2000, factors, 5);
  const Region region = fit_regions(fitted.points, fitted.d2, options)[0];
  for (size_t p = 0; p < 3; ++p)
    EXPECT_NEAR(region.bodyparts[p] / factors[p], region_bound(0.9), 0.5) << p;
  EXPECT_NEAR(coverage_of(others, region).first, 0.9, 0.015);
}

TEST(SplitPoints, KeepsGroupsWholeAndBothSidesLargeEnough) {
  const Poses poses = poses_of(80, {1, 1, 1}, 6);
  const std::vector<char> fit = split_points(poses.points, 0.5);
  EXPECT_EQ(std::count(fit.begin(), fit.end(), 1), 120);
  for (size_t i = 0; i < fit.size(); ++i) EXPECT_EQ(fit[i], fit[i / 12 * 12]);
  EXPECT_THROW(split_points(poses.points, 0.01), Error);
  EXPECT_THROW(split_points(poses.points, 0.99), Error);
}

}  // namespace
}  // namespace posse
