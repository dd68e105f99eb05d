/// Tracks every bodypart through the places where the members see it: consensus through time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "consensus/track/frame_evidence.h"
#include "consensus/track/group_tracker.h"
#include "consensus/track/seen_chain.h"
#include "consensus/track/tracked_frame.h"

namespace posse {

/// Frames looked ahead by default: more give the same path.
inline constexpr size_t kTrackLag = 64;

struct TrackOptions {
  GroupTrackerOptions tracker{.motion = {}, .pruning = {}, .lag = kTrackLag};
  /// Standard deviations of the stated covariance are the gated members' times this, and no less
  /// than least_std_cells: members that look in the same box agree more than they are right.
  double std_inflation = 1.5;
  double least_std_cells = 0.3;
  /// What members err about they err about for some frames: the correlation of their errors from a
  /// frame of the video to the next, in [0, 1). 0: each frame stands alone.
  double error_memory = 1.0 / 3;
  SeenOptions seen;
  /// TrackedKeypoint::chance is that of lying this near to the stated position, in cells.
  double chance_cells = 3;
};

/// Power of a frame's evidence, in (0, 1]: the frame's weight in the best mean of values whose
/// errors correlate by error_memory^d over d frames, 1 / (1 + r) + 1 / (1 + r') - 1 for the
/// correlations r and r' with the frames next to it. Of many at equal distances as many count as
/// n (1 - r) / (1 + r) that do not correlate.
/// @param before, after  frames of the video to the next ones on either side; nothing where there
/// is none (r = 0).
double evidence_power(double error_memory, std::optional<double> before,
                      std::optional<double> after);

/// Tracks all bodyparts of a video, frame by frame; results come a lag and a frame later: how much
/// a frame counts depends on when the next one comes. A video read backwards has the same track,
/// but for rounding, for states that are forgotten (PruningOptions) and, if it is longer than two
/// lags, for what frames beyond the lag say.
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
  /// The same without waiting, for a tracker with lag 0 that is given all its frames so: the frame
  /// itself, decided by the past. How much it counts follows from the next frame coming as soon as
  /// this one did; after the first, a frame later. @throws Error(invalid_value) with another lag
  TrackedFrame push_causal(FrameEvidence frame, double elapsed);

  /// All groups, those of one bodypart included.
  const std::vector<std::vector<int>>& groups() const { return groups_; }
  double most_pruned() const;
  double mean_states(size_t group) const;

 private:
  /// Gives the newest of the waiting frames to the trackers.
  /// @param after  frames of the video to the next one; nothing behind the last.
  std::vector<std::vector<GroupDecision>> track_newest(std::optional<double> after);
  TrackedFrame tracked_frame(const FrameEvidence& evidence,
                             std::span<const GroupDecision* const> decisions) const;
  std::vector<TrackedFrame> take(const std::vector<std::vector<GroupDecision>>& decisions);

  std::vector<std::vector<int>> groups_;
  TrackOptions options_;
  std::vector<GroupTracker> trackers_;
  SeenChain seen_;
  struct Waiting {
    FrameEvidence evidence;
    std::optional<double> elapsed;  ///< nothing for the first frame of all
  };
  std::deque<Waiting> waiting_;
  size_t num_frames_ = 0;
};

}  // namespace posse
