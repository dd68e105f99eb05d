/// Tracks bodyparts through the tables of several networks, whose maps are not at hand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/poses.h"
#include "consensus/track/epipolar_lines.h"
#include "consensus/track/track_watch.h"
#include "consensus/track/tracker.h"

namespace posse {

struct TableTrackOptions {
  /// Bodyparts that look alike, as numbers; nothing: found (LookAlikes).
  std::optional<std::vector<std::vector<int>>> groups;
  /// Bodyparts that are one, seen from several sides.
  AgreeingViews views;
  /// Width of a cell in px, at least 0; 0: cell_of_members().
  double cell = 0;
  bool smooth = true;
  size_t lag = kTrackLag;
  int num_threads = 1;
};

struct TableTrack {
  std::vector<TrackedFrame> frames;
  std::vector<std::vector<int>> groups;          ///< of two or more bodyparts
  std::vector<std::pair<int, int>> close_pairs;  ///< of given groups, see LookAlikes
  std::vector<EpipolarLine> lines;               ///< one for each of AgreeingViews::lines
  double cell = 0;                               ///< px
  TrackReport report;
};

/// How wide a cell is where nothing is known of the networks: twice the median distance of the
/// members' points from their median, over all bodyparts and frames in which two or more members
/// have a point and are as likely right as not (likelihood at least a half, or not known), and 8
/// px, the stride of most networks, at least. A place's box is five cells wide and holds points of
/// members that agree; the motion's step is 1.5 cells. On the members of five sets, whose stride
/// is 8 px, that distance is 1.7 to 4 px.
double cell_of_members(std::span<const Poses> members);

/// Tracks all bodyparts through the members' points: evidence_of_points, Tracker, smooth_track.
///
/// Rows are as far apart in time as their frame numbers say.
/// @param members  [members], at least one, with equal bodyparts and frames, as align_tables makes
/// them; frame numbers rise.
/// @throws Error(invalid_value) without members, for a cell below 0, and as Tracker;
/// Error(shape_mismatch) if they are not aligned.
TableTrack track_of_poses(std::span<const Poses> members, const TableTrackOptions& options = {});

}  // namespace posse
