#include "smoothing/models/single_camera.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "smoothing/observations/frame_gaps.h"

namespace posse {
namespace {

/// Variance of a position of which nothing is known, px^2: it weighs 1e-12 of an observation of
/// 1 px^2.
constexpr double kAnywhere = 1e12;

/// The tuning problem of independent lanes: x and y of a keypoint share its s.
class LaneTuning {
 public:
  LaneTuning(const EnsembleStatistics& statistics, const ScalarPrior& prior,
             const TuningOptions& options, int num_threads)
      : statistics_(statistics),
        prior_(prior),
        rows_(tuning_rows(options, statistics.position.num_frames())),
        num_threads_(num_threads) {
    if (options.objective == TuningObjective::constant && options.is_tuned()) {
      constant_ = constant_variances(statistics.position, statistics.variance, rows_);
    }
  }

  std::vector<double> operator()(std::span<const double> log_s) const {
    std::vector<double> s(2 * log_s.size());
    for (size_t k = 0; k < log_s.size(); ++k) s[2 * k] = s[2 * k + 1] = std::exp(log_s[k]);
    const FrameArray& variances = constant_.empty() ? statistics_.variance : constant_;
    const std::vector<double> lanes =
        negative_log_likelihood(statistics_.position, variances, prior_, s, rows_, num_threads_);
    std::vector<double> values(log_s.size());
    for (size_t k = 0; k < values.size(); ++k) values[k] = lanes[2 * k] + lanes[2 * k + 1];
    return values;
  }

 private:
  const EnsembleStatistics& statistics_;
  const ScalarPrior& prior_;
  ScalarLikelihoodRows rows_;
  FrameArray constant_;
  int num_threads_;
};

/// A prior without NaN, for the likelihood: lanes never observed contribute nothing.
ScalarPrior finite(ScalarPrior prior) {
  for (double& mean : prior.mean) mean = std::isnan(mean) ? 0.0 : mean;
  return prior;
}

}  // namespace

SmoothedTracks smooth_statistics(EnsembleStatistics statistics, std::vector<std::string> bodyparts,
                                 std::vector<int64_t> frame_index, const TuningOptions& tuning,
                                 int num_threads, bool starts_anywhere) {
  const size_t num_frames = statistics.position.num_frames();
  POSSE_ASSERT(frame_index.size() == num_frames &&
               statistics.position.num_lanes() == 2 * bodyparts.size());
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  ScalarPrior prior = prior_from_track(statistics.position, num_threads);
  if (starts_anywhere) std::ranges::fill(prior.variance, kAnywhere);
  const ScalarPrior finite_prior = finite(prior);
  const LaneTuning objective(statistics, finite_prior, tuning, num_threads);
  const TuningProblem problem{
      .bodyparts = bodyparts,
      .num_frames = num_frames,
      .objective = [&](std::span<const double> log_s) { return objective(log_s); },
      .initial_guess =
          [&](size_t k) { return initial_guess_of_s(statistics.variance, 2 * k, 2 * k + 2); }};
  SmoothedTracks result;
  result.parameters = choose_smoothing(tuning, problem);
  std::vector<double> s(2 * bodyparts.size());
  for (size_t i = 0; i < s.size(); ++i) s[i] = result.parameters[i / 2].s;
  ScalarTracks tracks =
      smooth_tracks(statistics.position, statistics.variance, prior, s, num_threads);
  result.unobserved_bodyparts = unobserved(bodyparts, statistics.position);
  for (size_t k = 0; k < bodyparts.size(); ++k) {
    if (std::isnan(prior.mean[2 * k]) && std::isnan(prior.mean[2 * k + 1])) {
      result.parameters[k] = {.s = std::numeric_limits<double>::quiet_NaN(),
                              .negative_log_likelihood = std::numeric_limits<double>::quiet_NaN()};
    }
  }
  result.bodyparts = std::move(bodyparts);
  result.frame_index = std::move(frame_index);
  result.position = std::move(tracks.position);
  result.posterior_variance = std::move(tracks.variance);
  result.ensemble_position = std::move(statistics.position);
  result.ensemble_variance = std::move(statistics.variance);
  result.likelihood = std::move(statistics.likelihood);
  return result;
}

SmoothedTracks smooth_single_camera(std::span<const Poses> members,
                                    const SingleCameraOptions& options) {
  if (!members.empty() && has_gaps(members.front().frame_index)) {
    SmoothedTracks result = smooth_single_camera(fill_gaps(members), options);
    keep_frames(result, members.front().frame_index);
    return result;
  }
  EnsembleStatistics statistics =
      summarise_ensemble(members, options.ensemble, options.num_threads);
  SmoothedTracks result = smooth_statistics(std::move(statistics), members.front().bodyparts,
                                            members.front().frame_index, options.tuning,
                                            options.num_threads, options.starts_anywhere);
  result.calibrated = members.size() > 1;
  return result;
}

}  // namespace posse
