/// Stacks a keypoint's views from several cameras, and picks the frames to rely on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/frame_array.h"
#include "base/poses.h"
#include "smoothing/observations/ensemble_statistics.h"

namespace posse {

/// One camera: its name and its members' poses. All cameras show the same frames and bodyparts.
struct CameraMembers {
  std::string name;
  std::span<const Poses> members;
};

/// Statistics of each camera.
/// @throws Error as summarise_ensemble, naming the camera; Error(shape_mismatch) if cameras differ
/// in bodyparts, frames or number of members; Error(invalid_value) for no camera or a repeated
/// camera name.
std::vector<EnsembleStatistics> summarise_cameras(std::span<const CameraMembers> cameras,
                                                  const StatisticsOptions& options,
                                                  int num_threads);

/// One keypoint in cameras that are smoothed together. Lanes are [cameras, xy] of those that see it
/// at least once.
struct StackedKeypoint {
  size_t bodypart = 0;
  /// Cameras whose lanes are here; empty: never seen.
  std::vector<size_t> cameras;
  /// Position in px, not centred; NaN = missing.
  FrameArray position;
  /// Variance in px^2.
  FrameArray variance;
  /// Frames that centring, axes and process are based on; stack_views() says which they are.
  std::vector<size_t> kept;
  /// True: all cameras show it in all of `kept`.
  bool kept_are_complete = true;
  /// Number of them, from the first, that make mean and axes.
  size_t num_for_axes = 0;
  /// [lanes] mean position in px over those.
  std::vector<double> mean;

  size_t num_lanes() const { return position.num_lanes(); }
  /// Position less mean.
  FrameArray centred() const;
};

/// Which cameras of a keypoint are stacked together.
enum class ViewSets {
  /// All cameras that see it.
  all,
  /// Sets of cameras that hang together: neighbours share ten frames, or all that one of them has.
  sharing_frames,
  /// Each camera by itself.
  single,
};

/// Stacks all keypoints and picks the frames to rely on.
///
/// A frame is kept if two cameras show it (or the only one does) and its largest variance over
/// cameras and axes is at most the `quantile`-th percentile of those; where a camera would be left
/// with less than it needs, all such frames are kept. Mean and axes use the first n kept frames, n
/// being the smallest count of any keypoint without gaps (a keypoint with gaps has no say in it and
/// uses min(n, its own)). A camera that never sees a keypoint is left out of that keypoint.
/// @return by bodypart, at least one each; of several sets the one with most views first.
/// Source: section "centring" of eks 4.6.2; equal where nothing is missing.
std::vector<StackedKeypoint> stack_views(std::span<const EnsembleStatistics> cameras,
                                         double quantile, ViewSets sets, int num_threads);

/// Frames in which at least `least` of the cameras show the keypoint.
size_t frames_with_views(const StackedKeypoint& keypoint, size_t least);

/// Whether enough frames show the keypoint to all cameras to fit a model of agreement to these
/// alone: ten and two for each lane, or all that show it at all.
bool has_enough_complete_frames(const StackedKeypoint& keypoint);

/// Value at position percent / 100 * (n - 1) of the sorted values, linearly interpolated (numpy's
/// default). Not empty.
double percentile(std::vector<double> values, double percent);

}  // namespace posse
