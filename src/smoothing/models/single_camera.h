/// Ensemble Kalman smoothing of one camera's keypoints, each on its own.
#pragma once

#include <span>

#include "base/poses.h"
#include "smoothing/models/smoothed_tracks.h"
#include "smoothing/observations/ensemble_statistics.h"
#include "smoothing/tuning/tuning.h"

namespace posse {

struct SingleCameraOptions {
  StatisticsOptions ensemble;
  TuningOptions tuning;
  int num_threads = 1;
  /// Before the first frame nothing is known of a position, instead of the mean and variance of its
  /// track: a track read backwards is smoothed alike.
  bool starts_anywhere = false;
};

/// Smooths the members' tracks: a random walk per coordinate, observed as the ensemble's position
/// with the ensemble's variance. The process variance s is shared by x and y.
///
/// A frame without a finite prediction is a prediction step, so the variance grows within a gap,
/// and so is a frame number that is not there; a bodypart without any is reported and left NaN.
/// @param members  see summarise_ensemble.
/// @throws Error(shape_mismatch, invalid_value): members that do not fit, fewer than two of them or
/// of frames, bad options. Source: fit_eks_singlecam of eks 4.6.2, in double precision and without
/// its slips (docs/compat-eks.md).
SmoothedTracks smooth_single_camera(std::span<const Poses> members,
                                    const SingleCameraOptions& options = {});

/// The same from statistics made elsewhere, as by a consensus.
SmoothedTracks smooth_statistics(EnsembleStatistics statistics, std::vector<std::string> bodyparts,
                                 std::vector<int64_t> frame_index, const TuningOptions& tuning,
                                 int num_threads = 1, bool starts_anywhere = false);

}  // namespace posse
