/// Estimates the coverage of regions over a whole video from labelled pictures, which are seldom
/// random ones: weighs them by the members' spread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "run/run_record.h"
#include "study/judge/uncertainty_table.h"

namespace posse {

/// The members' spread in a run's results.
struct VideoSpread {
  std::filesystem::path table;
  /// Variance of the members' keypoints, xx + yy, divided by their number, px^2; of every frame and
  /// every bodypart asked for.
  std::vector<double> spreads;
};

/// What the results of a run have to be of.
struct SpreadOf {
  std::vector<std::string> bodyparts;
  /// The labels' videos. Results must be of one of them, or where none is known of one that is
  /// called as a folder of the labels and has frames as large as a picture.
  std::vector<std::filesystem::path> videos{};
  std::vector<std::string> folders{};
  /// A labelled picture; empty: none.
  std::filesystem::path picture{};
  /// Members of the results; empty: of any members.
  std::vector<RecordedMember> members{};
};

/// Reads a consensus .h5 of posse run, or the one in a folder of its results.
/// @throws Error(usage) for results of another video, of other members, whose names it says, or
/// without these bodyparts; Error(not_found, bad_file)
VideoSpread read_video_spread(const std::filesystem::path& results, const SpreadOf& of);

/// Coverage of the 90 % regions among the labels, and weighted to the video's spread.
struct VideoCoverage {
  size_t num_bins = 0;  ///< fewer than 3: not estimated
  double labelled = 0;
  double video = 0;  ///< NaN where not estimated
};

/// Up to ten bins at the quantiles of the video's spread, merged until each holds ten labels;
/// coverage of each bin weighted by its share of the video. Cures the choice of pictures by spread,
/// and by nothing else.
/// @param errors  their `order` is the spread as of VideoSpread
VideoCoverage video_coverage(std::span<const StatedError> errors, const VideoSpread& video);

}  // namespace posse
