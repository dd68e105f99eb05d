#include "study/calibrate/regions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "base/error.h"
#include "study/judge/error_tables.h"

namespace posse {
namespace {

/// What a bound is taken from: d^2 of points, or of whole poses.
struct Scores {
  std::vector<double> d2;
  std::vector<double> unseen;         ///< those of unseen videos
  std::vector<int64_t> unseen_video;  ///< [unseen]

  void add(const FitPoint& point, double value) {
    d2.push_back(value);
    if (!point.unseen_video) return;
    unseen.push_back(value);
    unseen_video.push_back(point.video);
  }
};

struct Bound {
  double d2 = 0;
  bool over_videos = false;
};

Bound finite_bound_over_videos(const Scores& scores, double share) {
  const double bound = hierarchical_bound(scores.unseen, scores.unseen_video, share);
  if (std::isfinite(bound)) return {bound, true};
  return {*std::max_element(scores.unseen.begin(), scores.unseen.end()), true};
}

/// @param must_be  whether over videos; nullopt: by the number of videos
Bound bound_of(const Scores& scores, double share, std::optional<bool> must_be) {
  if (must_be && *must_be && !scores.unseen.empty()) return finite_bound_over_videos(scores, share);
  if (must_be) return {conformal_bound(scores.d2, share), *must_be};
  const std::set<int64_t> videos(scores.unseen_video.begin(), scores.unseen_video.end());
  if (videos.size() >= kEnoughUnseenVideos) {
    const double over_videos = hierarchical_bound(scores.unseen, scores.unseen_video, share);
    if (std::isfinite(over_videos)) return {over_videos, true};
  }
  return {conformal_bound(scores.d2, share), false};
}

/// The largest of each picture.
Scores scores_of_poses(std::span<const FitPoint> points, std::span<const double> d2) {
  std::map<size_t, size_t> worst;  // of each picture, its point
  for (size_t i = 0; i < points.size(); ++i) {
    const auto [place, is_new] = worst.emplace(points[i].picture, i);
    if (!is_new && d2[i] > d2[place->second]) place->second = i;
  }
  Scores scores;
  for (const auto& [picture, i] : worst) scores.add(points[i], d2[i]);
  return scores;
}

}  // namespace

double conformal_bound(std::vector<double> d2, double share) {
  const double place = std::ceil((static_cast<double>(d2.size()) + 1) * share - 1e-9);
  if (place > static_cast<double>(d2.size()) || place < 1)
    return std::numeric_limits<double>::infinity();
  std::sort(d2.begin(), d2.end());
  return d2[static_cast<size_t>(place) - 1];
}

double hierarchical_bound(std::span<const double> d2, std::span<const int64_t> videos,
                          double share) {
  std::map<int64_t, double> counts;
  for (const int64_t video : videos) counts[video] += 1;
  const double num_videos = static_cast<double>(counts.size()) + 1;
  std::vector<std::pair<double, double>> masses;
  for (size_t i = 0; i < d2.size(); ++i)
    masses.emplace_back(d2[i], 1 / (num_videos * counts[videos[i]]));
  std::sort(masses.begin(), masses.end());
  double sum = 0;
  for (const auto& [value, mass] : masses) {
    sum += mass;
    if (sum >= share - 1e-12) return value;
  }
  return std::numeric_limits<double>::infinity();
}

namespace {

/// Raises bounds to those of smaller shares.
void make_monotone(std::vector<Region>& regions) {
  std::vector<Region*> order;
  for (Region& region : regions) order.push_back(&region);
  std::stable_sort(order.begin(), order.end(),
                   [](const Region* a, const Region* b) { return a->share < b->share; });
  for (size_t i = 1; i < order.size(); ++i) {
    const Region& smaller = *order[i - 1];
    order[i]->bound = std::max(order[i]->bound, smaller.bound);
    for (size_t p = 0; p < smaller.bodyparts.size(); ++p)
      order[i]->bodyparts[p] = std::max(order[i]->bodyparts[p], smaller.bodyparts[p]);
  }
}

}  // namespace

std::vector<Region> fit_regions(std::span<const FitPoint> points, std::span<const double> d2,
                                const RegionOptions& options) {
  POSSE_ASSERT(points.size() == d2.size());
  Scores all;
  std::vector<Scores> parts(options.num_bodyparts);
  if (options.simultaneous) {
    all = scores_of_poses(points, d2);
  } else {
    for (size_t i = 0; i < points.size(); ++i) {
      all.add(points[i], d2[i]);
      parts[points[i].bodypart].add(points[i], d2[i]);
    }
  }
  std::vector<Region> regions;
  for (size_t s = 0; s < options.shares.size(); ++s) {
    const double share = options.shares[s];
    std::optional<bool> over_videos;
    if (!options.over_videos.empty()) over_videos = options.over_videos[s] != 0;
    const Bound pooled = bound_of(all, share, over_videos);
    Region region{.share = share,
                  .bound = pooled.d2,
                  .over_videos = pooled.over_videos,
                  .bodyparts = std::vector<double>(options.num_bodyparts, pooled.d2)};
    for (size_t p = 0; p < options.num_bodyparts; ++p) {
      if (parts[p].d2.size() < options.least_for_bodypart) continue;
      // One that holds for the same videos as the pooled one, or none.
      const Bound own = bound_of(parts[p], share, over_videos);
      if (own.over_videos == pooled.over_videos && std::isfinite(own.d2))
        region.bodyparts[p] = own.d2;
    }
    regions.push_back(std::move(region));
  }
  make_monotone(regions);
  return regions;
}

std::vector<std::vector<double>> bounds_outside_fold(std::span<const FitPoint> points,
                                                     const CrossFit& fit,
                                                     std::span<const double> d2,
                                                     const RegionOptions& options) {
  std::vector<std::vector<double>> bounds(options.shares.size(),
                                          std::vector<double>(points.size()));
  RegionOptions of_folds = options;
  of_folds.over_videos.clear();
  for (const Region& region : fit_regions(points, d2, options))
    of_folds.over_videos.push_back(region.over_videos ? 1 : 0);
  if (fit.num_folds > 1)
    of_folds.least_for_bodypart = options.least_for_bodypart * (fit.num_folds - 1) / fit.num_folds;
  for (size_t fold = 0; fold < fit.num_folds; ++fold) {
    std::vector<FitPoint> others;
    std::vector<double> their_d2;
    for (size_t i = 0; i < points.size(); ++i) {
      if (fit.fold[i] == fold && fit.num_folds > 1) continue;
      others.push_back(points[i]);
      their_d2.push_back(d2[i]);
    }
    const std::vector<Region> regions = fit_regions(others, their_d2, of_folds);
    for (size_t i = 0; i < points.size(); ++i) {
      if (fit.fold[i] != fold) continue;
      for (size_t s = 0; s < regions.size(); ++s)
        bounds[s][i] = regions[s].bodyparts[points[i].bodypart];
    }
  }
  return bounds;
}

std::vector<char> split_points(std::span<const FitPoint> points, double share) {
  const std::vector<int64_t> groups = shuffled_groups(points, 2);
  const auto wanted = static_cast<double>(groups.size()) * share;
  const std::set<int64_t> fitted(groups.begin(),
                                 groups.begin() + static_cast<ptrdiff_t>(std::lround(wanted)));
  std::vector<char> fit;
  for (const FitPoint& point : points) fit.push_back(fitted.contains(point.group) ? 1 : 0);
  const auto count = static_cast<size_t>(std::count(fit.begin(), fit.end(), 1));
  if (count < kFewPoints || points.size() - count < kFewPoints) {
    throw Error(
        ErrorKind::usage,
        fmt::format("--split {} of {} groups of pictures leaves {} points to fit to and {} for the "
                    "regions",
                    share, groups.size(), count, points.size() - count),
        {.hint = fmt::format("at least {} are needed on either side; without --split all points "
                             "serve both, cross-conformally",
                             kFewPoints)});
  }
  return fit;
}

}  // namespace posse
