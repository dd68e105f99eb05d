/// Tunes and smooths keypoints of the camera models that have one state per keypoint, and lays out
/// the result.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "smoothing/filter/state_space.h"
#include "smoothing/models/several_cameras.h"
#include "smoothing/observations/view_stack.h"
#include "smoothing/tuning/tuning.h"

namespace posse {

/// A keypoint ready to be filtered.
struct PreparedKeypoint {
  std::vector<size_t> cameras;      ///< that see it
  FrameArray observed;              ///< [frames, cameras * xy], px; NaN = missing
  FrameArray variances;             ///< likewise, px^2, inflated
  std::vector<double> mean;         ///< [cameras * xy], taken off `observed`; empty: nothing was
  std::optional<StateModel> model;  ///< at s = 1; nothing: not enough was seen, it is left NaN
  InflationReport inflation;

  bool usable() const { return model.has_value(); }
  /// The track at s. @param of_observations  variances instead of its own, or null
  StateTrack track(double s, const FrameArray* of_observations = nullptr) const;
};

/// The observer of some keypoints, which see the same cameras with states of the same size.
using ObserverOf = std::function<std::unique_ptr<Observer>(std::span<const size_t> keypoints)>;

/// A camera model's keypoints, and the sets of them that are filtered side by side.
class KeypointGroups {
 public:
  KeypointGroups(std::vector<PreparedKeypoint> keypoints, ObserverOf observer_of, int num_threads);

  const std::vector<PreparedKeypoint>& keypoints() const { return keypoints_; }

  /// s of every keypoint; those that are not usable get NaN.
  std::vector<SmoothingParameter> tune(const std::vector<std::string>& bodyparts, size_t num_frames,
                                       const TuningOptions& options) const;

  /// Calls sink(keypoint, lane, frame, smoothed) for every usable keypoint and frame, from several
  /// threads: a keypoint's calls come from one.
  using Sink = std::function<void(size_t keypoint, size_t lane, size_t frame,
                                  const SmoothedFrame& smoothed)>;
  void smooth(std::span<const SmoothingParameter> parameters, const Sink& sink) const;

 private:
  std::vector<StateTrack> tracks_of(std::span<const size_t> group, std::span<const double> s,
                                    const std::vector<FrameArray>* constants) const;
  void for_each_group(int num_threads,
                      const std::function<void(std::span<const size_t> group)>& body) const;

  std::vector<PreparedKeypoint> keypoints_;
  std::vector<std::vector<size_t>> groups_;
  ObserverOf observer_of_;
  int num_threads_;
};

/// Prepares all keypoints with several threads.
std::vector<PreparedKeypoint> prepare_keypoints(
    size_t count, int num_threads, const std::function<PreparedKeypoint(size_t keypoint)>& prepare);

/// One result per camera, filled with what is known before smoothing; position and posterior
/// variance are NaN.
SmoothedCameras prepare_cameras(std::span<const CameraMembers> cameras,
                                std::vector<EnsembleStatistics> statistics);

/// Puts one frame of a keypoint in its place.
void place_views(const PreparedKeypoint& keypoint, size_t index, size_t lane, size_t frame,
                 const SmoothedFrame& smoothed, bool state_variance_only, SmoothedCameras& result);

/// Puts a keypoint's inflated variances in the place of the ensemble's.
void place_variances(const PreparedKeypoint& keypoint, size_t index, SmoothedCameras& result);

}  // namespace posse
