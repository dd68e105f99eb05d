/// Consensus through time: every bodypart's track through the places where the members see it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "consensus/keypoint_consensus.h"
#include "consensus/track/frame_evidence.h"
#include "consensus/track/group_tracker.h"

namespace posse {

/// Frames looked ahead by default: more give the same path.
inline constexpr size_t kTrackLag = 64;

struct TrackOptions {
  GroupTrackerOptions tracker{.motion = {}, .pruning = {}, .lag = kTrackLag};
  /// Standard deviations of the stated covariance are the gated members' times this, and no less
  /// than least_std_cells: members that look in the same box agree more than they are right.
  double std_inflation = 1.5;
  double least_std_cells = 0.3;
  /// TrackedKeypoint::chance is that of lying this near to the stated position, in cells.
  double chance_cells = 3;
};

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
  double chance_seen = 0;            ///< in [0, 1]
  double chance = 0;                 ///< of lying within chance_cells of the position, in [0, 1]
  std::optional<OtherPlace> second;  ///< the likeliest place further away, if above 5 %
  int num_members = 0;               ///< whose votes the position is made of
};

struct TrackedFrame {
  int64_t frame_index = 0;
  double time_seconds = 0;
  std::vector<TrackedKeypoint> keypoints;  ///< [bodyparts]
  /// [members, bodyparts] each member's vote at the track's place; missing where the bodypart is
  /// not seen or the member does not vote there. What smoothing observes.
  std::vector<Keypoint> votes;
};

/// Tracks all bodyparts of a video, frame by frame; results come a lag later.
class Tracker {
 public:
  /// @param groups  bodyparts that look alike, as numbers; those in no group are tracked alone.
  /// @throws Error(invalid_value) for options out of range, a bodypart that does not exist, is
  /// named twice, or a group of more than kMostGroupParts.
  Tracker(size_t num_bodyparts, std::vector<std::vector<int>> groups, TrackOptions options = {});

  /// @param elapsed  frames of the video since the one before, above 0; not used for the first.
  /// @return what is decided by now, in order of the video.
  std::vector<TrackedFrame> push(FrameEvidence frame, double elapsed);
  std::vector<TrackedFrame> finish();

  /// All groups, those of one bodypart included.
  const std::vector<std::vector<int>>& groups() const { return groups_; }
  double most_pruned() const;
  double mean_states(size_t group) const;

 private:
  TrackedFrame tracked_frame(const FrameEvidence& evidence,
                             std::span<const GroupDecision* const> decisions) const;
  std::vector<TrackedFrame> take(const std::vector<std::vector<GroupDecision>>& decisions);

  std::vector<std::vector<int>> groups_;
  TrackOptions options_;
  std::vector<GroupTracker> trackers_;
  std::deque<FrameEvidence> waiting_;
  size_t num_frames_ = 0;
};

}  // namespace posse
