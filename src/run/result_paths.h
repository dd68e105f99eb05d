/// Names the files of a run's results and the folders in which they lie.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/options.h"

namespace posse {

/// Where the results of one video go.
///
/// `folder` holds the recording once, and <out> each recording once: tools that read a folder with
/// all that lies below find one table of each. Everything else that is a table lies below `extras`,
/// in folders that hold each recording once too: csv/, members/<member>/, members-csv/<member>/,
/// as-member/<member>/, smoothed/, wide/, wide-smoothed/.
/// File names follow what DeepLabCut's own tools and those around it expect: video stem and scorer
/// without separator, "DLC" once, the scorer beginning with "DLC_". Control characters in names
/// stand as \xNN.
struct ResultPaths {
  /// The folder <out>/<video stem>.
  std::filesystem::path folder;
  /// The folder <out>-extras beside <out>, or as options.extras says.
  std::filesystem::path extras;
  /// The folder <out>/extras, where an earlier version put them.
  std::filesystem::path earlier_extras;
  /// The file run.json: what was run on what; written last.
  std::filesystem::path record;
  /// The file .posse-journal: the frames as they were computed.
  std::filesystem::path journal;
  /// Stem that the names begin with.
  std::string stem;
  /// Scorer of the consensus table: consensus_scorer().
  std::string scorer;
  /// Of the smoothed track; says "uncalibrated" for that of a single member. Empty unless asked
  /// for.
  std::string smoothed_scorer;

  /// <folder>/<stem><scorer><suffix>, as ".h5", "_meta.pickle"
  std::filesystem::path consensus(std::string_view suffix) const;
  /// csv/<stem><scorer>.csv: the consensus once more, where it is there as .h5
  std::filesystem::path second_csv() const;
  /// members/<member>/<stem><scorer><suffix>; members-csv/ for what is there as .h5 too
  std::filesystem::path member(const MemberNetwork& member, std::string_view suffix,
                               bool is_second = false) const;
  /// as-member/<member>/<stem><scorer that DeepLabCut looks for><suffix>
  /// @throws as scorer_sought_by_deeplabcut()
  std::filesystem::path as_member(const MemberNetwork& member, std::string_view suffix) const;
  /// <model folder>/video_preds/<stem>.csv, in the folder of a Lightning Pose model
  std::filesystem::path video_preds(const MemberNetwork& member) const;
  /// wide/<stem><scorer>.csv
  std::filesystem::path wide() const;
  /// wide-smoothed/<stem><smoothed_scorer>.csv
  std::filesystem::path wide_smoothed() const;
  /// smoothed/<stem><smoothed_scorer><suffix>
  std::filesystem::path smoothed(std::string_view suffix) const;

  /// Where earlier versions put a file of `extras`: below `earlier_extras`, or below `folder`.
  /// Empty for other files.
  std::vector<std::filesystem::path> earlier_places(const std::filesystem::path& file) const;
  /// How run.json names a file: relative to `folder`, absolute where that cannot be, printable().
  std::string name_in_record(const std::filesystem::path& file) const;
};

/// The name results of a video begin with: its file name up to the last dot; a folder's whole name.
std::string result_stem(const std::filesystem::path& video);

/// The scorer of a member's own table: DeepLabCut's, followed by "-dgp" (or "-dlc") if its
/// keypoints are read by another rule than the one its snapshot was trained for.
std::string scorer_of(const MemberNetwork& member);

/// The scorer of the ensemble's table by this consensus.
std::string consensus_scorer(const Ensemble& ensemble, RunConsensus consensus);

/// All but the scorer, which is empty.
/// @throws Error(usage) for a video whose folder would be the one of the extras.
ResultPaths result_paths(const Ensemble& ensemble, const std::filesystem::path& video,
                         const std::filesystem::path& out, const RunOptions& options);

}  // namespace posse
