/// Random-walk Kalman filter and smoother for many scalar tracks at once.
///
/// With one camera the model of a coordinate is x[t+1] = x[t] + noise of variance s, y[t] = x[t] +
/// noise of variance R[t]. The coordinates of a keypoint share s but never mix, so each is a scalar
/// filter and all of them run side by side, one per lane, which the compiler turns into vector
/// instructions. Every variance is computed as a product or a sum of positive terms (P R / (P + R),
/// P s / (P + s) + J^2 P'; the Joseph form written out for scalars), never as a difference, so none
/// can turn negative or lose its digits whatever s and R are and however long the track is.
///
/// A NaN observation is missing: its frame is a prediction step only, and the likelihood leaves it
/// out.
#pragma once

#include <span>
#include <vector>

#include "base/frame_array.h"

namespace posse {

/// Variances of observations are taken to be at least this, in px^2: members that agree exactly are
/// not infinitely sure.
inline constexpr double kLeastObservationVariance = 1e-12;

/// What is known of each lane before its first frame.
struct ScalarPrior {
  std::vector<double> mean;      ///< [lanes], px; NaN for a lane without any observation
  std::vector<double> variance;  ///< [lanes], px^2, >= 0
};

/// Rows [begin, end) of a track.
struct RowRange {
  size_t begin = 0;
  size_t end = 0;
};

/// Mean and population variance of the finite values of each lane: the prior of eks.
ScalarPrior prior_from_track(const FrameArray& observations, int num_threads = 1);

/// Tracks after filtering or smoothing, each [frames, lanes].
struct ScalarTracks {
  FrameArray position;  ///< px
  FrameArray variance;  ///< px^2
};

/// x(t given 0..t). Lanes whose prior mean is NaN stay NaN.
/// @param observations  [frames, lanes], px, NaN = missing.
/// @param variances     [frames, lanes], px^2, finite; raised to kLeastObservationVariance.
/// @param s             [lanes], process variance per frame, px^2, > 0.
ScalarTracks filter_tracks(const FrameArray& observations, const FrameArray& variances,
                           const ScalarPrior& prior, std::span<const double> s,
                           int num_threads = 1);

/// x(t given all): Rauch-Tung-Striebel over filter_tracks. Same parameters and result.
ScalarTracks smooth_tracks(const FrameArray& observations, const FrameArray& variances,
                           const ScalarPrior& prior, std::span<const double> s,
                           int num_threads = 1);

/// Which rows a likelihood is summed over.
struct ScalarLikelihoodRows {
  std::vector<RowRange> ranges;    ///< in the order they are filtered
  bool restart_at_ranges = false;  ///< false: as if the ranges were contiguous
};

/// Negative log likelihood of each lane, natural logarithm with the 2 pi term.
/// @param variances  [frames, lanes]; or [1, lanes], the same for all frames.
std::vector<double> negative_log_likelihood(const FrameArray& observations,
                                            const FrameArray& variances, const ScalarPrior& prior,
                                            std::span<const double> s,
                                            const ScalarLikelihoodRows& rows, int num_threads = 1);

}  // namespace posse
