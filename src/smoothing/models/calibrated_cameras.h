/// Multi-camera ensemble Kalman smoothing in space, with calibrated cameras.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cameras/camera_model.h"
#include "cameras/triangulation.h"
#include "smoothing/models/several_cameras.h"

namespace posse {

struct CalibratedCamerasOptions {
  /// Options of all camera models; num_latent and quantile_to_keep matter for the inflation only.
  SeveralCamerasOptions common;
  Triangulation triangulation = Triangulation::pair_median;
  /// Least prior variance and least squared step as shares (1e-4, 1e-8) of the points' own spread,
  /// and triangulation in units of the cameras' distance: the result does not depend on the unit of
  /// the calibration. Off: the same numbers in squared units of the calibration, as eks has them,
  /// which suits millimetres but not metres.
  bool relative_floors = false;
};

/// Points in space with the views they project to.
struct SmoothedSpace {
  /// Views in order of the calibration.
  SmoothedCameras views;
  /// [frames, bodyparts * xyz], unit of the calibration; NaN for a bodypart left out.
  FrameArray points;
  /// [frames, bodyparts * xyz], unit of the calibration squared; NaN for a bodypart left out.
  FrameArray point_variances;
};

/// Smooths each keypoint's path in space: a random walk seen through the cameras' own projections
/// (extended Kalman filter).
///
/// Process: s times the squared typical step (1.4826 median absolute deviation) of the triangulated
/// path on each axis. A view's posterior variance is the state's, carried through the projection,
/// plus the inflated ensemble variance of that camera; ensemble_variance is the one before
/// inflation. Views that are missing are left out. A keypoint that fewer than ten frames show to
/// two cameras (or not all of its few frames) has no place in space: each camera keeps its own
/// track, a random walk in the picture, and `warnings` of the first camera say so.
/// @param cameras     in any order; each must have a model of the same name.
/// @param calibration  one model per camera.
/// @throws Error(shape_mismatch) if names of cameras and calibration do not agree, or as
/// smooth_several_cameras. Source: fit_eks_multicam with a calibration, eks 4.6.2, in double
/// precision, with the true lens models.
SmoothedSpace smooth_calibrated_cameras(std::span<const CameraMembers> cameras,
                                        std::span<const CameraModel> calibration,
                                        const CalibratedCamerasOptions& options = {});

}  // namespace posse
