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

RegionCheck check_region(std::span<const FitPoint> points, std::span<const double> d2,
                         std::span<const double> bounds, double share,
                         const BootstrapOptions& bootstrap) {
  struct Pose {
    int64_t group = 0;
    bool within = true;
  };
  ShareWithin single, whole;
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
  ShareWithin found;
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

/// The model of one part of the groups; the other part, which had no say in it, gives the rest.
/// @return folds of fitted.points
CrossFit fit_to_part(std::span<const FitPoint> points, const CalibrationFitOptions& options,
                     FittedCalibration& fitted) {
  const std::vector<char> is_fitted = split_points(points, options.split);
  std::vector<FitPoint> part;
  for (size_t i = 0; i < points.size(); ++i)
    (is_fitted[i] != 0 ? part : fitted.points).push_back(points[i]);
  const CrossFit of_part = cross_fit(part, options.num_bodyparts, options.floor);
  fitted.cross_fit.constant_wins = of_part.constant_wins;
  fitted.cross_fit.score_model = of_part.score_model;
  fitted.cross_fit.score_constant = of_part.score_constant;
  fitted.cross_fit.gain_error = of_part.gain_error;
  fitted.pooled = with_few_points(part, options.num_bodyparts);
  fitted.model = fit_model(part, options.num_bodyparts,
                           {.constant = of_part.constant_wins, .floor = options.floor});
  return fit_elsewhere(fitted.points, fitted.model);
}

/// @return folds of fitted.points
CrossFit fit_to_all(std::span<const FitPoint> points, const CalibrationFitOptions& options,
                    FittedCalibration& fitted) {
  fitted.points.assign(points.begin(), points.end());
  fitted.pooled = with_few_points(points, options.num_bodyparts);
  fitted.model = fit_model(points, options.num_bodyparts,
                           {.constant = fitted.cross_fit.constant_wins, .floor = options.floor});
  return fitted.cross_fit;
}

}  // namespace

FittedCalibration fit_calibration(std::span<const FitPoint> points,
                                  const CalibrationFitOptions& options) {
  FittedCalibration fitted;
  fitted.cross_fit = cross_fit(points, options.num_bodyparts, options.floor);
  const CrossFit fit = options.split > 0 ? fit_to_part(points, options, fitted)
                                         : fit_to_all(points, options, fitted);
  fitted.covariances = fit.chosen();
  const std::vector<double> d2 = squared_radii(fitted.points, fitted.covariances);
  const RegionOptions regions{.shares = options.shares,
                              .num_bodyparts = options.num_bodyparts,
                              .simultaneous = options.simultaneous};
  fitted.regions = fit_regions(fitted.points, d2, regions);
  fitted.bounds = bounds_outside_fold(fitted.points, fit, d2, regions);
  for (size_t s = 0; s < options.shares.size(); ++s)
    fitted.checks.push_back(
        check_region(fitted.points, d2, fitted.bounds[s], options.shares[s], options.bootstrap));
  fitted.chance_check = check_chance(fitted.points, fit, options);
  Chances chances;
  for (size_t i = 0; i < fitted.points.size(); ++i)
    chances.add(fitted.points[i], fitted.covariances[i]);
  fitted.chance = fit_chance(chances.sds, chances.distances);
  return fitted;
}

}  // namespace posse
