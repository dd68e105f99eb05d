/// The result of tracking for one frame.
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
  /// Covariance of the position in px², inflated, with the other places by their chance.
  Covariance covariance;
  /// Covariance of the members' votes at the place about their mean, px².
  Covariance spread;
  /// True where the likeliest path sees it.
  bool seen = false;
  /// Chance that it can be seen (SeenChain), in [0, 1].
  double chance_seen = 0;
  /// Chance of lying within chance_cells of the position, in [0, 1].
  double chance = 0;
  /// The likeliest place further away, if above 5 %.
  std::optional<OtherPlace> second;
  /// Number of members whose votes the position is made of.
  int num_members = 0;
};

struct TrackedFrame {
  int64_t frame_index = 0;
  double time_seconds = 0;
  /// Pixels per cell.
  double stride = 8;
  /// [bodyparts]
  std::vector<TrackedKeypoint> keypoints;
  /// [members, bodyparts] each member's vote at the track's place; missing where the bodypart is
  /// not seen or the member does not vote there. What smoothing observes.
  std::vector<Keypoint> votes;
};

}  // namespace posse
