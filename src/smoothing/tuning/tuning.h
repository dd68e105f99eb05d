/// Chooses the smoothing parameter s by maximum likelihood, unless it is given.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/frame_array.h"
#include "base/frame_range.h"
#include "smoothing/filter/scalar_filter.h"

namespace posse {

/// Which likelihood s maximises.
enum class TuningObjective {
  full,      ///< of the model that is smoothed: every frame with its own observation variance
  constant,  ///< with each coordinate's median observation variance in all frames, as eks does
};

/// How the maximum is sought.
enum class TuningSearch {
  exact,  ///< minimise_exactly
  eks,    ///< minimise_as_eks, for matching results of eks
};

struct TuningOptions {
  /// Process variance per frame, px^2 (times the process shape with several cameras), > 0; smaller
  /// is smoother. One value for all keypoints or one for each; empty: tuned.
  std::vector<double> s;
  TuningObjective objective = TuningObjective::full;
  TuningSearch search = TuningSearch::exact;
  /// Rows used for tuning: half-open, step 1, not overlapping; empty: all. Sorted, then taken as if
  /// contiguous.
  std::vector<FrameRange> frames;
  /// Start the filter anew at each of `frames` instead; statistically right when they lie apart.
  bool restart_at_ranges = false;
  /// Keypoints that share one s, by position; keypoints in no block get their own.
  std::vector<std::vector<size_t>> blocks;
  /// Called before each evaluation of the likelihood, on the caller's thread; what it throws ends
  /// the smoothing. May be empty.
  std::function<void()> on_evaluation;

  bool is_tuned() const { return s.empty(); }
};

/// The s of a keypoint and where it comes from.
struct SmoothingParameter {
  double s = 0;  ///< NaN for a keypoint without observations
  bool tuned = false;
  double negative_log_likelihood = 0;  ///< of the keypoint's block at s; NaN unless tuned
  int num_rounds = 0;
};

/// Negative log likelihood of each keypoint at one log s per keypoint.
using KeypointObjective = std::function<std::vector<double>(std::span<const double> log_s)>;

/// What a camera model provides so that its s can be chosen.
struct TuningProblem {
  std::vector<std::string> bodyparts;
  size_t num_frames = 0;
  KeypointObjective objective;
  std::function<double(size_t keypoint)> initial_guess;  ///< where the search of eks starts, s
};

/// s for each keypoint.
/// @throws Error(invalid_value) for an s that is not positive and finite, a count that is neither 1
/// nor the number of keypoints, blocks that name a keypoint twice or out of range.
std::vector<SmoothingParameter> choose_smoothing(const TuningOptions& options,
                                                 const TuningProblem& problem);

/// The rows of options.frames, or all. @throws Error(invalid_value) when out of range, empty,
/// overlapping or with a step
ScalarLikelihoodRows tuning_rows(const TuningOptions& options, size_t num_frames);

/// The constant observation variance: each lane's median over `rows`, missing entries left
/// out, at least 1e-4.
/// @return [1, lanes]
FrameArray constant_variances(const FrameArray& observations, const FrameArray& variances,
                              const ScalarLikelihoodRows& rows);

/// The first guess of s in eks for lanes [begin, end): spread of the frame-to-frame differences of
/// the variances.
double initial_guess_of_s(const FrameArray& variances, size_t begin, size_t end);

}  // namespace posse
