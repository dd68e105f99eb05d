/// Makes results from units: does what `posse run` does after its networks, for every video whose
/// units are all there.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/job_hooks.h"
#include "cluster/run_plan_file.h"

namespace posse {

struct FinishOptions {
  std::vector<std::string> map;
  bool remove_others = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, FinishOptions>
void describe(Options& options, const Visitor& visit) {
  visit("map", options.map, "OLD=NEW...",
        "replace the beginning OLD of the plan's paths with NEW on this machine");
  visit("remove-others", options.remove_others, "",
        "remove units that do not belong to this plan, such as those of a plan that --replan "
        "replaced");
}

enum class VideoEnd {
  written,
  there,       ///< its results were there already
  incomplete,  ///< units are missing
  failed,      ///< its results cannot be written
};

template <>
struct EnumNames<VideoEnd> {
  static constexpr std::array<std::pair<std::string_view, VideoEnd>, 4> kNames{
      {{"written", VideoEnd::written},
       {"there", VideoEnd::there},
       {"incomplete", VideoEnd::incomplete},
       {"failed", VideoEnd::failed}}};
};

struct FinishedVideo {
  std::string id;
  std::filesystem::path video;
  std::filesystem::path folder;  ///< of its results
  VideoEnd end = VideoEnd::written;
  int64_t num_frames = 0;
  int64_t num_units = 0;
  std::vector<std::string> missing;   ///< of an incomplete one: its units' names
  std::vector<std::string> failures;  ///< errors of its units, and of its results
  std::vector<std::string> warnings;
};

struct FinishReport {
  std::vector<FinishedVideo> videos;
  bool is_stopped = false;
  int64_t num_removed = 0;   ///< units of other plans
  std::string report_error;  ///< why report.json could not be written; empty: it was

  int64_t count(VideoEnd end) const;
  int64_t num_missing_units() const;
};

/// Reads the units of every video, and writes the results of those that are complete. Damaged units
/// are put aside as "<unit>.bad" and count as missing. Also writes report.json, and removes what
/// ended workers left a day ago.
///
/// A video that breaks off ends where the first of its units found it broken.
/// @throws Error as read_plan and Ensemble::open
FinishReport finish(const std::filesystem::path& run_folder, const FinishOptions& options,
                    const JobHooks& hooks = {});

}  // namespace posse
