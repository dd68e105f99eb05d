/// Fits a calibration to labelled points, and checks whether it holds outside the folds.
#pragma once

#include <span>
#include <vector>

#include "calibration/calibration.h"
#include "study/calibrate/fit.h"
#include "study/scores/cluster_bootstrap.h"

namespace posse {

struct CalibrationFitOptions {
  size_t num_bodyparts = 0;
  std::vector<double> shares;  ///< of the regions
  bool simultaneous = false;   ///< regions hold all labelled bodyparts of a picture at once
  double split = 0;            ///< share of the groups to fit the model to; 0: all, cross-conformal
  double floor = 0;            ///< least a, px
  BootstrapOptions bootstrap{};
  double radius = 5;  ///< px, at which the chances are held against the shares found
};

/// Whether a region holds what it promises, counted outside the folds.
struct RegionCheck {
  double share = 0;          ///< promised
  double points = 0;         ///< share of the points within
  Interval points_interval;  ///< NaN with few points or one group
  double poses = 0;          ///< share of the pictures with all their labelled bodyparts within
  Interval poses_interval;
};

/// Whether the stated chances are true, counted outside the folds.
struct ChanceCheck {
  double radius = 0;        ///< px
  double said = 0;          ///< mean chance
  double found = 0;         ///< share of the points within the radius
  Interval found_interval;  ///< NaN with few points or one group
};

struct FittedCalibration {
  /// Of all points; with a split, which of the two models won is that of the part fitted to.
  CrossFit cross_fit;
  /// What regions and chances come from and are held against: all points, or those that the split
  /// leaves out of the fit.
  std::vector<FitPoint> points;
  /// [points] from outside the folds.
  std::vector<Covariance> covariances;
  /// [shares, points] outside the folds.
  std::vector<std::vector<double>> bounds;
  /// [shares]
  std::vector<RegionCheck> checks;
  ChanceCheck chance_check;
  /// The model for use: of all points, or of those that the split draws.
  PredictiveModel model;
  /// [bodyparts] as FitOptions::pooled.
  std::vector<char> pooled;
  /// [shares]
  std::vector<Region> regions;
  ChanceWithin chance;
};

/// @throws Error(usage) for a split that leaves too few points on one side
FittedCalibration fit_calibration(std::span<const FitPoint> points,
                                  const CalibrationFitOptions& options);

}  // namespace posse
