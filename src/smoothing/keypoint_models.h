/// What the camera models with a common state per keypoint share: tuning, and laying out the
/// result.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "smoothing/parallel.h"
#include "smoothing/several_cameras.h"
#include "smoothing/state_space.h"
#include "smoothing/tuning.h"
#include "smoothing/view_stack.h"

namespace posse {

/// A keypoint ready to be filtered.
template <typename T>
concept KeypointModel = requires(const T& keypoint, double s, const FrameArray& array,
                                 const ScalarLikelihoodRows& rows) {
  { keypoint.usable() } -> std::same_as<bool>;
  { keypoint.observed() } -> std::same_as<const FrameArray&>;
  { keypoint.variances() } -> std::same_as<const FrameArray&>;
  { keypoint.negative_log_likelihood(s, array, rows) } -> std::same_as<double>;
};

/// Calls action(std::integral_constant<int, D>) with D = size for the usual 2 and 3, or
/// Eigen::Dynamic.
template <typename Action>
auto with_state_size(Eigen::Index size, Action action) {
  switch (size) {
    case 2:
      return action(std::integral_constant<int, 2>());
    case 3:
      return action(std::integral_constant<int, 3>());
    default:
      return action(std::integral_constant<int, Eigen::Dynamic>());
  }
}

/// s of every keypoint; those that are not usable get NaN.
template <KeypointModel Keypoint>
std::vector<SmoothingParameter> tune_keypoints(const std::vector<Keypoint>& keypoints,
                                               std::vector<std::string> bodyparts,
                                               size_t num_frames, const TuningOptions& options,
                                               int num_threads) {
  const ScalarLikelihoodRows rows = tuning_rows(options, num_frames);
  const bool constant = options.objective == TuningObjective::constant && options.is_tuned();
  std::vector<FrameArray> constants(keypoints.size());
  for (size_t k = 0; constant && k < keypoints.size(); ++k) {
    constants[k] = constant_variances(keypoints[k].observed(), keypoints[k].variances(), rows);
  }
  const TuningProblem problem{
      .bodyparts = std::move(bodyparts),
      .num_frames = num_frames,
      .objective =
          [&](std::span<const double> log_s) {
            std::vector<double> values(keypoints.size(), 0.0);
            for_each_piece(keypoints.size(), 1, num_threads, [&](size_t begin, size_t end) {
              for (size_t k = begin; k < end; ++k) {
                if (!keypoints[k].usable()) continue;
                const FrameArray& variances = constant ? constants[k] : keypoints[k].variances();
                values[k] =
                    keypoints[k].negative_log_likelihood(std::exp(log_s[k]), variances, rows);
              }
            });
            return values;
          },
      .initial_guess =
          [&](size_t k) {
            return initial_guess_of_s(keypoints[k].variances(), 0,
                                      keypoints[k].variances().num_lanes());
          }};
  std::vector<SmoothingParameter> parameters = choose_smoothing(options, problem);
  for (size_t k = 0; k < keypoints.size(); ++k) {
    if (keypoints[k].usable()) continue;
    parameters[k] = {.s = std::numeric_limits<double>::quiet_NaN(),
                     .negative_log_likelihood = std::numeric_limits<double>::quiet_NaN()};
  }
  return parameters;
}

/// One result per camera, filled with what is known before smoothing; position and posterior
/// variance are NaN.
SmoothedCameras prepare_cameras(std::span<const CameraMembers> cameras,
                                std::vector<EnsembleStatistics> statistics);

/// Puts a keypoint's inflated variances in the place of the ensemble's.
void place_variances(const StackedKeypoint& stacked, const FrameArray& variances, size_t keypoint,
                     SmoothedCameras& result);

}  // namespace posse
