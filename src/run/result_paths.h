/// What the results of a run are called, and where they lie.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/options.h"

namespace posse {

/// Where the results of one video go; every path lies in `folder`.
struct ResultPaths {
  std::filesystem::path folder;   ///< <out>/<video stem>
  std::filesystem::path record;   ///< run.json: what was run on what; written last
  std::filesystem::path journal;  ///< .posse-journal, while the run lasts
  std::string scorer;             ///< of the consensus table
  std::filesystem::path h5, csv;  ///< the consensus; which of them is written, the format decides
  std::filesystem::path
      meta_pickle;  ///< what DeepLabCut's labelled-video and outlier tools ask for
  /// [members * formats]: members/<member>/<stem><scorer>.h5 and .csv; empty unless asked for.
  std::vector<std::filesystem::path> member_tables;
  /// wide/<stem><scorer>.csv: the consensus with its uncertainty in the columns of eks; empty
  /// unless asked for.
  std::filesystem::path wide_csv;
  std::filesystem::path smoothed_wide_csv;  ///< the same of the Kalman smoother's track
  std::filesystem::path smoothed;  ///< smoothed/<stem><scorer>.h5 (.csv); empty unless asked for
  std::filesystem::path labeled_video;  ///< empty unless asked for

  /// The files that a finished run leaves, run.json last.
  std::vector<std::filesystem::path> final_files(const RunOptions& options) const;
};

/// The name results of a video begin with: its file name up to the last dot; a folder's whole name.
std::string result_stem(const std::filesystem::path& video);

/// File names follow what DeepLabCut's own tools and those around it expect: video stem and scorer
/// without separator, "DLC" once, the scorer beginning with "DLC_", one format by default, members
/// in folders of their own.
ResultPaths result_paths(const Ensemble& ensemble, const std::filesystem::path& video,
                         const std::filesystem::path& out, const RunOptions& options);

}  // namespace posse
