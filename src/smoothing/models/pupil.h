/// Smooths four points around a pupil as one circle: diameter and centre.
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
  /// Rows used for tuning; empty: all.
  std::vector<FrameRange> tuning_frames;
  /// Bodyparts, by what they mark.
  std::array<std::string, 4> names{"pupil_top_r", "pupil_bottom_r", "pupil_right_r",
                                   "pupil_left_r"};
  int num_threads = 1;
  /// As in TuningOptions.
  std::function<void()> on_evaluation;
};

struct SmoothedPupil {
  /// The four bodyparts, in the order of PupilOptions::names; without parameters of their own.
  SmoothedTracks tracks;
  /// [frames, 3]: diameter, centre x, centre y, px.
  FrameArray state;
  /// [frames, 3], px^2.
  FrameArray state_variance;
  double diameter_s = 0;
  double centre_s = 0;
  /// Negative log likelihood at these, over the frames used for tuning.
  double negative_log_likelihood = 0;
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
