/// Computes the bounds of regions by conformal prediction: how far they must reach to hold what
/// they promise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calibration/calibration.h"
#include "study/calibrate/fit.h"

namespace posse {

/// The ceil((n + 1) share)-th smallest squared Mahalanobis distance; infinite where there are
/// fewer. Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
double conformal_bound(std::vector<double> d2, double share);

/// The quantile with mass 1 / ((V + 1) n_v) for each of the n_v points of video v and 1 / (V + 1)
/// at infinity: finite only with V >= 1 / (1 - share) - 1 videos, and then valid for a new video.
/// Source: Dunn, Wasserman and Ramdas, arXiv 1809.07441; Lee, Barber and Willett, arXiv 2306.06342.
double hierarchical_bound(std::span<const double> d2, std::span<const int64_t> videos,
                          double share);

/// Unseen videos from which on bounds are over videos: fewer promise 90 % for no new one.
inline constexpr size_t kEnoughUnseenVideos = 9;

/// Points of a bodypart from which on it has a bound of its own.
inline constexpr size_t kEnoughForBodypart = 100;

struct RegionOptions {
  /// Shares that the regions promise, in (0, 1).
  std::vector<double> shares;
  size_t num_bodyparts = 0;
  /// True: all labelled bodyparts of a picture lie within at once.
  bool simultaneous = false;
  /// Points from which on a bodypart has a bound of its own.
  size_t least_for_bodypart = kEnoughForBodypart;
  /// [shares] 1: over unseen videos however few they are, up to the largest d^2 where the bound
  /// would be infinite; 0: over points. Empty: by the number of videos.
  std::vector<char> over_videos{};
};

/// A region for each share. Its bound is over unseen videos where there are kEnoughUnseenVideos and
/// it is finite there, else over points; bodyparts with least_for_bodypart points have one of their
/// own, the others that of all points together. No region is smaller than that of a smaller share:
/// its bound is raised to that one's. Simultaneous regions have one bound, from the largest d^2 of
/// each picture.
/// @param d2  [points] squared Mahalanobis distances
std::vector<Region> fit_regions(std::span<const FitPoint> points, std::span<const double> d2,
                                const RegionOptions& options);

/// Each point's bounds, fitted to the d^2 of the points outside its fold as fit_regions fits those
/// of all points: over videos where those are, and with fewer points for a bodypart's own, as there
/// are fewer. What honest coverage is counted with.
/// @return [shares, points]
std::vector<std::vector<double>> bounds_outside_fold(std::span<const FitPoint> points,
                                                     const CrossFit& fit,
                                                     std::span<const double> d2,
                                                     const RegionOptions& options);

/// Points of whole groups, drawn in a fixed order: the share of the groups that a model is fitted
/// to, and the others, whose d^2 give the bounds.
/// @return [points] 1 to fit to. @throws Error(usage) where one of the two would hold fewer than
/// kFewPoints points
std::vector<char> split_points(std::span<const FitPoint> points, double share);

}  // namespace posse
