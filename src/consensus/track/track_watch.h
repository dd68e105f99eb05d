/// Watches a track while it is made: counts what looks wrong about it, and says it in words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/track/tracker.h"

namespace posse {

/// A stretch of frames of one bodypart.
struct TrackStretch {
  size_t bodypart = 0;
  int64_t first_frame = 0;
  int64_t last_frame = 0;
  int64_t count = 0;  ///< of what happened in it, in frames or events
};

struct TrackReport {
  /// [bodyparts] steps that only a jump explains.
  std::vector<int64_t> jumps;
  /// [bodyparts] frames in which it is not seen.
  std::vector<int64_t> hidden;
  /// [bodyparts] frames in which most voting members agree on another place.
  std::vector<int64_t> against_most;
  /// [bodyparts] steps between two frames in each of which all voting members agree.
  std::vector<int64_t> agreed_steps;
  /// [bodyparts] those of them whose median moves beyond three standard deviations of a step.
  std::vector<int64_t> fast;
  /// Swaps of two bodyparts of a group between two frames.
  int64_t swaps = 0;
  int64_t num_frames = 0;
  /// Many jumps within a second or two.
  std::vector<TrackStretch> jump_bursts;
  /// Long stretches against most members.
  std::vector<TrackStretch> departures;
  /// Swaps there and back again; bodypart: the first of the two.
  std::vector<TrackStretch> swap_bursts;
};

/// Looks at a track, frame by frame; memory is that of the report.
class TrackWatch {
 public:
  TrackWatch(size_t num_bodyparts, std::vector<std::vector<int>> groups,
             const TrackOptions& options);

  /// @param members  [members, bodyparts] the members' own keypoints of the frame.
  /// @param elapsed  as given to Tracker::push; @param stride  pixels per cell.
  void push(const TrackedFrame& frame, std::span<const Keypoint> members, double elapsed,
            double stride);
  TrackReport finish();

 private:
  void look_at_step(const TrackedFrame& frame, size_t part, double reach);
  void look_at_members(const TrackedFrame& frame, std::span<const Keypoint> members, size_t part,
                       double reach, double stride);
  void look_at_swaps(const TrackedFrame& frame, double stride);
  void end_departure(size_t part);

  struct PartState {
    bool was_seen = false;
    Keypoint position;
    bool was_agreed = false;
    Keypoint median;
    TrackStretch departure;       ///< running; count 0: none
    std::vector<int64_t> events;  ///< frames of the last few jumps
  };
  struct PairState {
    size_t a = 0;
    size_t b = 0;
    std::vector<int64_t> events;  ///< frames of the last few swaps
  };

  double sigma_cells_;
  std::vector<std::vector<int>> groups_;
  std::vector<PartState> parts_;
  std::vector<PairState> pairs_;
  TrackReport report_;
};

/// Whether the frames seem to be pictures of different scenes: of most bodyparts on which members
/// agree, more than half of the agreed steps are fast. Of a video of darts, every 6th frame taken,
/// 5 % are at most; of unrelated clips 80 %.
bool looks_like_no_video(const TrackReport& report);

/// One sentence for each thing that is odd, with bodyparts and frames; none if nothing is.
/// @param option  that which chooses another consensus, for the hint.
std::vector<std::string> warnings_of(const TrackReport& report,
                                     const std::vector<std::string>& bodyparts,
                                     const char* option = "--consensus");

/// The same of what a track is asked to do: without look-ahead, of few members, with groups of
/// bodyparts that lie close together (LookAlikes::close_pairs).
std::vector<std::string> warnings_of_setting(size_t lag, size_t num_members,
                                             const std::vector<std::pair<int, int>>& close_pairs,
                                             const std::vector<std::string>& bodyparts);

}  // namespace posse
