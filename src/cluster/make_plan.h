/// Makes the plan of a run over many machines: its units and tasks.
#pragma once

#include <concepts>
#include <filesystem>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/job_hooks.h"
#include "cluster/run_plan_file.h"

namespace posse {

struct PlanOptions {
  std::filesystem::path out;   ///< empty: RUN/results
  int unit_frames = 0;         ///< 0: about a minute of work
  std::optional<double> rate;  ///< frames/s of one worker; empty: estimated from the networks
  bool replan = false;
  bool skip_bad_videos = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, PlanOptions>
void describe(Options& options, const Visitor& visit) {
  visit("out", options.out, "DIR",
        "folder for the results, which get a folder per video (default RUN/results)");
  visit("unit-frames", options.unit_frames, "N",
        "number of frames in a unit, the piece of work that is kept or lost as a whole (default 0: "
        "about a minute of work)");
  visit("rate", options.rate, "FPS",
        "frames per second of one worker, as posse bench measures them, which set the size of "
        "units (default: estimated from the networks' arithmetic)");
  visit("replan", options.replan, "",
        "replace the plan that is there; units that fit the new one are kept");
  visit("skip-bad-videos", options.skip_bad_videos, "",
        "leave out videos that cannot be read, with a warning, instead of stopping");
}

/// Units of a run: pieces of unit_frames frames of each video, the last open to its end; one unit
/// where the video does not say how many frames it has.
std::vector<Unit> units_of(std::span<const ClusterVideo> videos, const FrameRange& range,
                           int64_t unit_frames);

/// Consecutive units, about kTaskUnits of them: short videos together, long ones cut.
std::vector<Task> tasks_of(std::span<const Unit> units);
inline constexpr size_t kTaskUnits = 20;

/// Frames of about a minute of work, rounded to two digits, from 10 to 100,000.
int64_t frames_of_a_minute(double frames_per_second);

/// Looks at members and videos, hashes what they hold, and writes RUN/plan.json. The same inputs
/// give the same bytes.
/// @throws Error as Ensemble::open and plan_run; Error(usage) if another plan is there and
///         options.replan is not set, for videos of one name, or without any video
ClusterPlan make_plan(const std::filesystem::path& run_folder,
                      std::span<const std::filesystem::path> videos,
                      std::span<const std::filesystem::path> members,
                      const EnsembleOptions& ensemble, const RunOptions& run,
                      const PlanOptions& options, const JobHooks& hooks = {});

}  // namespace posse
