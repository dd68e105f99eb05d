/// Multi-camera ensemble Kalman smoothing of a keypoint, with or without a calibration.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "smoothing/models/smoothed_tracks.h"
#include "smoothing/observations/ensemble_statistics.h"
#include "smoothing/observations/variance_inflation.h"
#include "smoothing/observations/view_stack.h"
#include "smoothing/tuning/tuning.h"

namespace posse {

struct SeveralCamerasOptions {
  StatisticsOptions ensemble;
  TuningOptions tuning;
  InflationOptions inflation;
  /// Axes of the common subspace, 1 to 2 x cameras.
  int num_latent = 3;
  /// Percentile of stack_views(); in (0, 100].
  double quantile_to_keep = 95;
  /// Leave the ensemble's variance out of the posterior variance: how well the point is known, not
  /// how far a prediction of the members may lie from it.
  bool state_variance_only = false;
  int num_threads = 1;

  /// @throws Error(invalid_value)
  void validate(size_t num_cameras) const;
};

struct SmoothedCameras {
  std::vector<std::string> names;          ///< [cameras]
  std::vector<SmoothedTracks> cameras;     ///< [cameras]; parameters are the same in all
  std::vector<InflationReport> inflation;  ///< [bodyparts]
};

/// Smooths each keypoint in the linear subspace that all cameras' views of it share.
///
/// State: coordinates along the principal axes of the stacked, centred views; a random walk whose
/// covariance has the shape of the observed steps, scaled to largest entry 1, times s.
/// ensemble_variance holds the inflated variances; posterior_variance adds them to the state's (a
/// predictive variance, as in eks) unless told otherwise. A view that is missing in a frame is
/// predicted from the others. Where frames lack views, mean and axes are fitted to all frames that
/// two cameras share (see fit_incomplete_rows). Cameras that share too few frames with the others
/// are smoothed apart, each with its own s, a single one as a random walk of its own: nothing that
/// was seen is lost. Both are told in `warnings` of the first camera.
/// @throws Error(shape_mismatch, invalid_value)
/// Source: fit_eks_multicam and fit_eks_mirrored_multicam of eks 4.6.2, in double precision and
/// without their slips.
SmoothedCameras smooth_several_cameras(std::span<const CameraMembers> cameras,
                                       const SeveralCamerasOptions& options = {});

}  // namespace posse
