/// The job that converts a table from one format to another.
#pragma once

#include <concepts>
#include <filesystem>
#include <type_traits>

#include "results/table/table_reader.h"
#include "table_jobs/job.h"

namespace posse {

struct ConvertOptions {
  TableReadOptions read;
  /// The member, as for posse run: the table is written in its guise into the folder TARGET.
  std::filesystem::path as_member;
  /// For as_member: the video of the table, for its name, size and rate; empty: by the source's
  /// name and the pickle beside it.
  std::filesystem::path video;
  /// Key of the .h5 to write, for pandas; empty: df_with_missing.
  std::string key;
  bool force = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, ConvertOptions>
void describe(Options& options, const Visitor& visit) {
  visit("individual", options.read.individual, "NAME", "keep one animal of a multi-animal table");
  visit("sleap-video", options.read.video, "VIDEO",
        "keep the frames of this video, by number or file name, from a .slp that has several");
  visit("scorer", options.read.scorer, "NAME",
        "keep one scorer of several; a table of one scorer is given this name, and its "
        "_meta.pickle with it (TARGET may then be a folder)");
  visit("as-member", options.as_member, "PROJECT",
        "write table and pickle under the names by which DeepLabCut looks for this project's "
        "tables; TARGET is then a folder, to give it as destfolder");
  visit("video", options.video, "FILE",
        "video that the table belongs to, with --as-member (default: as the names and the pickle "
        "beside SOURCE say)");
  visit("key", options.key, "NAME",
        "name of the table in an .h5 TARGET, for readers that ask for one (default "
        "df_with_missing, as DeepLabCut)");
  visit("force", options.force, "", "replace TARGET if it exists");
}

/// Rewrites a table as .csv or .h5 (convert_table), with a record beside it. With options.as_member
/// as the run's output of that name (make_member_guise), in coordinates of the project's crop.
/// @throws as convert_table; Error(usage) for a source whose video is not known; as open_member(),
///         scorer_sought_by_deeplabcut(), check_guise()
JobReport run_convert(const std::filesystem::path& source, const std::filesystem::path& target,
                      const ConvertOptions& options, const JobHooks& hooks = {});

}  // namespace posse
