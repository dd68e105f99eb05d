#include "study/calibrate/fit_calibration.h"

#include <array>
#include <cmath>
#include <map>

#include "study/calibrate/fit_chance.h"
#include "study/calibrate/regions.h"
#include "study/judge/error_tables.h"
#include "study/scores/gaussian_scores.h"

namespace posse {
namespace {

double sd_of(const Covariance& covariance) { return std::sqrt(trace(covariance) / 2); }

/// Standard deviations stated, and distances found.
struct Chances {
  std::vector<double> sds, distances;

  void add(const FitPoint& point, const Covariance& covariance) {
    sds.push_back(sd_of(covariance));
    distances.push_back(std::hypot(point.dx, point.dy));
  }
};

/// Shares of points, or of pictures, with intervals over groups.
struct Count {
  GroupSums sums{2};
  size_t count = 0;

  void add(int64_t group, bool within) {
    sums.add(group, std::array{within ? 1.0 : 0.0, 1.0});
    ++count;
  }
  static double ratio(std::span<const double> sums) { return sums[0] / sums[1]; }
  double value() const { return count > 0 ? sums.value(ratio) : std::nan(""); }
  Interval interval(const BootstrapOptions& options) const {
    return count >= kFewPoints ? sums.interval(ratio, options)
                               : Interval{std::nan(""), std::nan("")};
  }
};

RegionCheck check_region(std::span<const FitPoint> points, std::span<const double> d2,
                         std::span<const double> bounds, double share,
                         const BootstrapOptions& bootstrap) {
  struct Pose {
    int64_t group = 0;
    bool within = true;
  };
  Count single, whole;
  std::map<size_t, Pose> poses;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool within = d2[i] <= bounds[i];
    single.add(points[i].unit, within);
    Pose& pose = poses[points[i].picture];
    pose = {points[i].unit, pose.within && within};
  }
  for (const auto& [picture, pose] : poses) whole.add(pose.group, pose.within);
  return {.share = share,
          .points = single.value(),
          .points_interval = single.interval(bootstrap),
          .poses = whole.value(),
          .poses_interval = whole.interval(bootstrap)};
}

/// Curves fitted to the points outside each fold, held against those within.
ChanceCheck check_chance(std::span<const FitPoint> points, const CrossFit& fit,
                         const CalibrationFitOptions& options) {
  const double radius = options.radius;
  Count found;
  double said = 0;
  for (size_t fold = 0; fold < fit.num_folds; ++fold) {
    Chances others;
    for (size_t i = 0; i < points.size(); ++i)
      if (fit.fold[i] != fold || fit.num_folds == 1) others.add(points[i], fit.chosen()[i]);
    const ChanceWithin chance = fit_chance(others.sds, others.distances);
    for (size_t i = 0; i < points.size(); ++i) {
      if (fit.fold[i] != fold) continue;
      said += chance.chance(sd_of(fit.chosen()[i]), radius) / static_cast<double>(points.size());
      found.add(points[i].unit, std::hypot(points[i].dx, points[i].dy) <= radius);
    }
  }
  return {.radius = radius,
          .said = said,
          .found = found.value(),
          .found_interval = found.interval(options.bootstrap)};
}

/// What is used: the model of all points with bounds from outside the folds.
void finish_crossed(std::span<const FitPoint> points, std::span<const double> d2,
                    const CalibrationFitOptions& options, const RegionOptions& regions,
                    FittedCalibration& fitted) {
  const CrossFit& fit = fitted.cross_fit;
  fitted.model = fit_model(points, options.num_bodyparts,
                           {.constant = fit.constant_wins, .floor = options.floor});
  fitted.regions = fit_regions(points, d2, regions);
  Chances chances;
  for (size_t i = 0; i < points.size(); ++i) chances.add(points[i], fit.chosen()[i]);
  fitted.chance = fit_chance(chances.sds, chances.distances);
}

/// What is used: the model of one part of the groups with bounds from the other, which had no say
/// in it.
void finish_split(std::span<const FitPoint> points, const CalibrationFitOptions& options,
                  const RegionOptions& regions, FittedCalibration& fitted) {
  const std::vector<char> is_fitted = split_points(points, options.split);
  std::vector<FitPoint> fit, rest;
  for (size_t i = 0; i < points.size(); ++i) (is_fitted[i] != 0 ? fit : rest).push_back(points[i]);
  const bool constant = cross_fit(fit, options.num_bodyparts, options.floor).constant_wins;
  fitted.model =
      fit_model(fit, options.num_bodyparts, {.constant = constant, .floor = options.floor});
  std::vector<Covariance> covariances;
  Chances chances;
  for (const FitPoint& point : rest) {
    covariances.push_back(fitted.model.covariance(point.bodypart, point.facts));
    chances.add(point, covariances.back());
  }
  fitted.regions = fit_regions(rest, squared_radii(rest, covariances), regions);
  fitted.chance = fit_chance(chances.sds, chances.distances);
}

}  // namespace

FittedCalibration fit_calibration(std::span<const FitPoint> points,
                                  const CalibrationFitOptions& options) {
  FittedCalibration fitted;
  fitted.cross_fit = cross_fit(points, options.num_bodyparts, options.floor);
  const CrossFit& fit = fitted.cross_fit;
  const std::vector<double> d2 = squared_radii(points, fit.chosen());
  const RegionOptions regions{.shares = options.shares,
                              .num_bodyparts = options.num_bodyparts,
                              .simultaneous = options.simultaneous};
  fitted.bounds = bounds_outside_fold(points, fit, d2, regions);
  for (size_t s = 0; s < options.shares.size(); ++s)
    fitted.checks.push_back(
        check_region(points, d2, fitted.bounds[s], options.shares[s], options.bootstrap));
  fitted.chance_check = check_chance(points, fit, options);
  if (options.split > 0) {
    finish_split(points, options, regions, fitted);
  } else {
    finish_crossed(points, d2, options, regions, fitted);
  }
  return fitted;
}

}  // namespace posse
