/// Filters a stream frame by frame, without looking ahead.
#pragma once

#include <span>
#include <vector>

#include "base/poses.h"
#include "smoothing/models/smoothed_tracks.h"
#include "smoothing/observations/ensemble_statistics.h"

namespace posse {

struct CausalOptions {
  StatisticsOptions ensemble;
  /// Process variance per frame, px^2, > 0; one for all bodyparts or one each. A stream cannot be
  /// tuned beforehand: take it from smoothing an earlier recording, or keep this value, which lets
  /// a point move some 3 px per frame.
  std::vector<double> s{10.0};
};

/// What is known after one frame.
struct CausalFrame {
  std::vector<Keypoint> keypoints;  ///< [bodyparts], filtered; NaN, likelihood 0, until first seen
  std::vector<double> variance;     ///< [bodyparts, xy], px^2; NaN likewise
  std::vector<double> ensemble_position;  ///< [bodyparts, xy], px; NaN where no member is finite
  std::vector<double> ensemble_variance;  ///< [bodyparts, xy], px^2
};

/// The single-camera model of smooth_single_camera, forward only: x(t given 0..t).
///
/// Nothing is known before the first observation of a coordinate (an infinite prior variance),
/// whereas the smoother's prior comes from the whole track; the two agree once that has faded.
/// Memory and time per frame are constant.
class CausalFilter {
 public:
  /// @throws Error(invalid_value) for s that is not positive or of the wrong count.
  CausalFilter(size_t num_bodyparts, CausalOptions options);

  /// Takes in the next frame. @param members  one row of bodyparts per member, at least one row;
  /// equal in each call.
  /// @throws Error(shape_mismatch) for a row of another length, Error(invalid_value) for fewer than
  /// two members unless one is allowed.
  CausalFrame push(std::span<const std::span<const Keypoint>> members);

  /// Passes over frames that are not there: as many frames in which nothing is seen.
  void skip(int64_t num_frames);

 private:
  CausalOptions options_;
  std::vector<double> s_;         // [bodyparts]
  std::vector<double> mean_;      // [bodyparts, xy], NaN until first seen
  std::vector<double> variance_;  // [bodyparts, xy], predicted for the next frame
};

/// A whole table through CausalFilter, as a stream would have seen it. parameters hold the given s.
/// @throws as summarise_ensemble for members that do not fit, and as CausalFilter
SmoothedTracks filter_causally(std::span<const Poses> members, const CausalOptions& options);

}  // namespace posse
