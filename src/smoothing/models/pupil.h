/// Smoothing of four points around a pupil as one circle: diameter and centre.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/poses.h"
#include "smoothing/models/smoothed_tracks.h"
#include "smoothing/observations/ensemble_statistics.h"

namespace posse {

struct PupilOptions {
  StatisticsOptions ensemble;
  /// Share of the diameter (of the centre's offset) that stays from frame to frame, in (0, 1);
  /// close to 1 is smoother. Nothing: tuned.
  std::optional<double> diameter_s;
  std::optional<double> centre_s;
  std::vector<FrameRange> tuning_frames;  ///< rows used for tuning; empty: all
  /// Bodyparts, by what they mark.
  std::array<std::string, 4> names{"pupil_top_r", "pupil_bottom_r", "pupil_right_r",
                                   "pupil_left_r"};
  int num_threads = 1;
  std::function<void()> on_evaluation;  ///< as in TuningOptions
};

struct SmoothedPupil {
  SmoothedTracks tracks;  ///< of PupilOptions::names, in their order, without own parameters
  /// [frames, 3]: diameter, centre x, centre y, px.
  FrameArray state;
  FrameArray state_variance;  ///< [frames, 3], px^2
  double diameter_s = 0;
  double centre_s = 0;
  double negative_log_likelihood = 0;  ///< at these, over the frames used for tuning
};

/// Fits a circle whose diameter and centre follow stationary first-order autoregressions.
///
/// The diameter of a frame's ensemble positions is the median of six: the two axes and sqrt 2 times
/// the four sides. The prior and stationary variances are those of diameter and centre over time.
/// Both parameters are the joint maximum of the likelihood, whether one of them is given or none.
/// The diameter's autoregression pulls towards 0, as in eks.
/// @throws Error(not_found) for a missing bodypart; Error(invalid_value) for a parameter outside
/// (0, 1), fewer than two frames, or no frame that determines the circle. Source: fit_eks_pupil of
/// eks 4.6.2; see docs/compat-eks.md for its exchanged labels, which are not repeated.
SmoothedPupil smooth_pupil(std::span<const Poses> members, const PupilOptions& options = {});

}  // namespace posse
