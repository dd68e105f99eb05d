/// Forms the consensus of tables: frame by frame, or as a track with what it says of itself.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "consensus/keypoint_consensus.h"
#include "consensus/track/epipolar_lines.h"
#include "consensus/track/track_watch.h"
#include "consensus/track/tracked_frame.h"

namespace posse {

/// How members' keypoints become one: frame by frame as KeypointMethod, or through time.
enum class TableMethod {
  mean,
  median,
  weighted_mean,
  most_confident,
  geometric_median,
  trimmed_mean,
  track  ///< track_of_poses
};

template <>
struct EnumNames<TableMethod> {
  static constexpr std::array<std::pair<std::string_view, TableMethod>, 7> kNames = {{
      {"mean", TableMethod::mean},
      {"median", TableMethod::median},
      {"weighted-mean", TableMethod::weighted_mean},
      {"most-confident", TableMethod::most_confident},
      {"geometric-median", TableMethod::geometric_median},
      {"trimmed-mean", TableMethod::trimmed_mean},
      {"track", TableMethod::track},
  }};
};

/// A consensus of tables, and what a track adds to it.
struct TableConsensus : PoseConsensus {
  std::vector<TrackedKeypoint> track;    ///< [frames, bodyparts]; empty: no track
  std::vector<std::vector<int>> groups;  ///< bodyparts that were tracked together
  std::vector<EpipolarLine> lines;       ///< that views were held to, or why not
  TrackReport report;                    ///< of the track
  std::vector<std::string> warnings;     ///< what is odd about the track, a sentence each
};

}  // namespace posse
