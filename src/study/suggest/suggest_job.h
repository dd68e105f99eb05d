/// Runs `posse suggest`: chooses frames, and writes files with them.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "study/suggest/suggest.h"

namespace posse {

/// Where results of `posse suggest` go.
struct SuggestTargets {
  std::filesystem::path out = "posse-suggestions";  ///< folder of the files; empty: none
  std::filesystem::path project;                    ///< that frames are written into; empty: none
  bool force = false;    ///< replaces files of other suggestions in `out`
  bool dry_run = false;  ///< chooses and says what would be written
};

struct SuggestOutcome {
  Suggestions suggestions;
  std::vector<std::filesystem::path> files;          ///< of `out`
  std::vector<std::filesystem::path> project_files;  ///< of the project: new or changed
  bool was_done = false;  ///< the same call had been made before: nothing was chosen or written
};

/// Chooses frames from finished results (paths as find_results()) and writes
/// posse-suggestions.json, suggestions.csv and suggestions.png into targets.out, and the frames
/// into targets.project. A call that was stopped is made again with the same frames; one that was
/// completed is not made again. Without options.labels those of the project count as labelled. A
/// dry run decodes and stages the project's files too, and changes nothing.
/// @throws as suggest_frames; Error(usage) where `out` has files of other suggestions; Error(io)
SuggestOutcome suggest(std::span<const std::filesystem::path> results,
                       const SuggestTargets& targets, const SuggestOptions& options,
                       const JobHooks& hooks = {});

}  // namespace posse
