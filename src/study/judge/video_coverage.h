/// From labelled pictures, which are seldom random ones, to a whole video: by its spread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "study/judge/uncertainty_table.h"

namespace posse {

/// The members' spread in a run's results.
struct VideoSpread {
  std::filesystem::path table;
  std::vector<double> spreads;  ///< variance of the members' keypoints, xx + yy by their number;
                                ///< every frame and every bodypart asked for; px^2
};

/// Reads a consensus .h5 of posse run, or the one in a folder of its results.
/// @param videos, folders  what the labels are from: the results must be of one of these videos, or
/// where none is given of one that is called as a folder
/// @throws Error(usage) for results of another video or without these bodyparts; Error(not_found,
/// bad_file)
VideoSpread read_video_spread(const std::filesystem::path& results,
                              std::span<const std::string> bodyparts,
                              std::span<const std::filesystem::path> videos,
                              std::span<const std::string> folders);

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
