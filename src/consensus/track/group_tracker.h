/// Finds the likeliest path of a group of bodyparts through its places, and the chances of its
/// other places.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "consensus/track/group_states.h"

namespace posse {

/// What was decided for one frame of a group.
struct GroupDecision {
  GroupFrame frame;
  /// [parts] column of the likeliest path: a place's number, or frame.num_places() for not seen.
  std::vector<size_t> choice;
  /// [parts, places + 1] chance of every choice given all frames looked at; rows sum to 1.
  ChanceTable chance;
};

struct GroupTrackerOptions {
  MotionOptions motion;
  PruningOptions pruning;
  /// Frames that are looked ahead before one is decided; nothing: all. 0: none (a filter).
  std::optional<size_t> lag;
};

/// Viterbi's algorithm and forward-backward over the same states.
///
/// With a lag, frames are decided in blocks: when `lag` frames and a block of as many (one with lag
/// 0) are there, the older block is decided. Memory is 2 lag + 1 frames of states; without a lag it
/// grows with the video.
///
/// Source: Rabiner 1989, equations 19 to 27 and 32 to 35.
class GroupTracker {
 public:
  GroupTracker(size_t num_parts, GroupTrackerOptions options);

  /// The next frame. @param elapsed  frames of the video since the one before; not used for the
  /// first. @return what is decided by now, in order.
  std::vector<GroupDecision> push(GroupFrame frame, double elapsed, double stride,
                                  double num_cells);
  /// The rest, after the last frame.
  std::vector<GroupDecision> finish();

  double most_pruned() const { return space_.most_pruned(); }
  /// States kept so far, over all frames.
  size_t num_states() const { return num_states_; }

 private:
  struct Step {
    GroupFrame frame;
    std::vector<GroupState> states;
  };
  /// @param best  position of the likeliest path's state; @param after  see backward().
  GroupDecision decision_of(const Step& step, size_t best, std::span<const double> after) const;
  std::vector<GroupDecision> decide(size_t count);

  size_t num_parts_;
  GroupTrackerOptions options_;
  StateSpace space_;
  std::deque<Step> window_;
  Step newest_;  ///< the newest frame of all, if it has been decided already
  bool empty_ = true;
  size_t num_states_ = 0;
};

}  // namespace posse
