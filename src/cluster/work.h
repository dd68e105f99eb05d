/// Runs a worker, which computes units of a run beside any number of other workers.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/job_hooks.h"
#include "cluster/run_plan_file.h"

namespace posse {

struct WorkOptions {
  std::string task;  ///< number of a task, or auto; empty: all units
  std::vector<std::string> map;
  int threads = 0;
  int batch = 0;
  bool low_memory = false;
  int members_at_once = 0;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, WorkOptions>
void describe(Options& options, const Visitor& visit) {
  visit("task", options.task, "N|auto",
        "do this task alone, counted from 0; auto: the one that the scheduler names (Slurm, AWS "
        "Batch, Kubernetes, PBS, LSF, SGE), plus POSSE_TASK_OFFSET");
  visit("map", options.map, "OLD=NEW...",
        "replace the beginning OLD of the plan's paths with NEW on this machine");
  visit("threads", options.threads, "N",
        "number of worker threads (default 0: those the scheduler gives, else all that this "
        "process may use)");
  visit("batch", options.batch, "N",
        "frames per network call; does not change results (default 0: chosen by frame size)");
  visit("low-memory", options.low_memory, "",
        "keep network weights in their smallest form; runs slower");
  visit("members-at-once", options.members_at_once, "N",
        "networks that are in memory together, the others run after them; does not change results "
        "(default 0: as planned, else all, or as many as half of the memory holds)");
}

enum class UnitEnd { done, skipped, failed };

/// What became of a unit.
struct UnitReport {
  UnitEnd end = UnitEnd::done;
  std::string video_id;
  int64_t begin = 0;
  std::optional<int64_t> stop;
  int64_t num_frames = 0;   ///< in the unit
  int64_t num_adopted = 0;  ///< of these, left by an ended worker
  double seconds = 0;
  std::string error;  ///< of a failed one
  /// "done openfield.0123456789ab 3000-6000 41.3 frames/s"
  std::string to_string() const;
};

struct WorkReport {
  int64_t num_done = 0;
  int64_t num_skipped = 0;  ///< were done already, or by others meanwhile
  int64_t num_failed = 0;
  int64_t num_frames = 0;     ///< computed
  bool is_stopped = false;    ///< by the caller
  std::string machine_error;  ///< why this machine cannot go on; another may
};

struct WorkHooks : JobHooks {
  std::function<void(const UnitReport&)> on_unit;
};

/// Does the units of one task, or all units that nobody else does, beginning somewhere.
///
/// Units that others are doing are waited for, and done if those others end. A unit that fails is
/// tried once more, then recorded in failed/ and passed over.
/// @throws Error as read_plan and Ensemble::open; Error(usage) for a task that is none;
///         Error(shape_mismatch) if the networks are not those of the plan
WorkReport work(const std::filesystem::path& run_folder, const WorkOptions& options,
                const WorkHooks& hooks = {});

}  // namespace posse
