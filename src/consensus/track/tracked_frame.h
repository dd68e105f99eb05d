/// What a track says of a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/poses.h"
#include "consensus/scoremap_consensus.h"

namespace posse {

/// A place that was not taken.
struct OtherPlace {
  double x = 0;
  double y = 0;
  double chance = 0;
};

/// The track of one bodypart in one frame.
struct TrackedKeypoint {
  /// Median of the members' votes at the track's place, of those whose probability there is at
  /// least a tenth of the highest; likelihood: the mean over all voting members of their
  /// probability there. Where the bodypart is not seen, its likeliest place. Missing where no
  /// member votes.
  Keypoint keypoint;
  Covariance covariance;  ///< of the position, inflated, with the other places by their chance; px²
  Covariance spread;      ///< of the members' votes at the place about their mean; px²
  bool seen = false;      ///< by the likeliest path
  double chance_seen = 0;            ///< that it can be seen (SeenChain), in [0, 1]
  double chance = 0;                 ///< of lying within chance_cells of the position, in [0, 1]
  std::optional<OtherPlace> second;  ///< the likeliest place further away, if above 5 %
  int num_members = 0;               ///< whose votes the position is made of
};

struct TrackedFrame {
  int64_t frame_index = 0;
  double time_seconds = 0;
  double stride = 8;                       ///< pixels per cell
  std::vector<TrackedKeypoint> keypoints;  ///< [bodyparts]
  /// [members, bodyparts] each member's vote at the track's place; missing where the bodypart is
  /// not seen or the member does not vote there. What smoothing observes.
  std::vector<Keypoint> votes;
};

}  // namespace posse
