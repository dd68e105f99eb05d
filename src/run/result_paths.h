/// What the results of a run are called, and where they lie.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ensemble/ensemble.h"
#include "run/options.h"

namespace posse {

/// Where the results of one video go.
///
/// File names follow what DeepLabCut's own tools and those around it expect: video stem and scorer
/// without separator, "DLC" once, the scorer beginning with "DLC_", one format by default, members
/// in folders of their own.
struct ResultPaths {
  std::filesystem::path folder;   ///< <out>/<video stem>
  std::filesystem::path record;   ///< run.json: what was run on what; written last
  std::filesystem::path journal;  ///< .posse-journal: the frames as they were computed
  std::string stem;               ///< what the names begin with
  std::string scorer;             ///< of the consensus table
  std::string smoothed_scorer;    ///< of the smoothed track; empty unless asked for

  /// <folder>/<stem><scorer><suffix>, as ".h5", "_meta.pickle"
  std::filesystem::path consensus(std::string_view suffix) const;
  /// members/<member>/<stem><scorer><suffix>
  std::filesystem::path member(const MemberNetwork& member, std::string_view suffix) const;
  /// wide/<stem><scorer>.csv, of the consensus or the smoothed track
  std::filesystem::path wide(const std::string& of_scorer) const;
  /// smoothed/<stem><smoothed_scorer><suffix>
  std::filesystem::path smoothed(std::string_view suffix) const;
};

/// The name results of a video begin with: its file name up to the last dot; a folder's whole name.
std::string result_stem(const std::filesystem::path& video);

ResultPaths result_paths(const Ensemble& ensemble, const std::filesystem::path& video,
                         const std::filesystem::path& out, const RunOptions& options);

}  // namespace posse
