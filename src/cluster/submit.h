/// Submits a run as Slurm job arrays: writes the scripts, and chooses the tasks that are submitted.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "cluster/run_plan_file.h"

namespace posse {

struct SubmitOptions {
  int cpus = 4;
  std::string memory = "16G";
  std::string time = "120";
  std::string gres;
  std::string partition;
  std::string account;
  std::string extra;
  std::filesystem::path site;
  int max_array = 1000;
  int retry = 0;
  std::vector<std::string> map;
  bool print = false;
};

template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, SubmitOptions>
void describe(Options& options, const Visitor& visit) {
  visit("cpus", options.cpus, "N", "number of CPUs per task (default 4)");
  visit("memory", options.memory, "SIZE", "memory per task (default 16G)");
  visit("time", options.time, "LIMIT",
        "time limit per task, minutes or H:MM:SS; what a task has done by then is kept (default "
        "120)");
  visit("gres", options.gres, "WHAT", "devices per task, as gpu:1 (default none)");
  visit("partition", options.partition, "NAME",
        "partition of the cluster to use (default: the cluster's own)");
  visit("account", options.account, "NAME", "account that is charged (default: the user's own)");
  visit("extra", options.extra, "WORDS", "further words for sbatch, passed on as they are");
  visit("site", options.site, "FILE",
        "file of lines that every script gets: '#SBATCH ...' and shell commands such as module "
        "load (default: POSSE_SLURM_SITE)");
  visit("max-array", options.max_array, "N",
        "largest number of tasks in one job array (default 1000: Slurm's usual limit is 1001)");
  visit(
      "retry", options.retry, "N",
      "submit what is missing again, at most N times, as long as something gets done (default 0)");
  visit("map", options.map, "OLD=NEW...",
        "replace the beginning OLD of the plan's paths with NEW on the cluster's machines");
  visit("print", options.print, "", "write the scripts and print the commands, but submit nothing");
}

/// One call of sbatch.
struct Submission {
  std::vector<std::string> words;  ///< of the command, sbatch first
  std::vector<int64_t> tasks;      ///< of the plan; empty for the finish
};

struct SubmitReport {
  /// Tasks with units that are not done.
  std::vector<int64_t> tasks;
  /// Commands as a shell would take them; "ID" of jobs not submitted yet.
  std::vector<std::string> commands;
  /// Ids of the arrays; empty if they were only printed.
  std::vector<std::string> job_ids;
  std::string finish_id;
};

/// Runs a program and gives what it printed. @throws Error(unavailable) if it cannot be run;
/// Error(io) with its words if it fails
std::string output_of(std::span<const std::string> words);

/// "3,5-9" from rising numbers.
std::string array_text(std::span<const int64_t> numbers);

/// Writes RUN/slurm/work.sbatch and finish.sbatch, and submits the tasks with missing units as job
/// arrays, and the finish after all of them, however they end. Nothing is submitted if nothing is
/// missing and all results are there.
/// @param program  of posse, as the cluster's machines find it
/// @throws Error as read_plan and output_of; Error(usage) for a site file that is not there
SubmitReport submit(
    const std::filesystem::path& run_folder, const std::filesystem::path& program,
    const SubmitOptions& options,
    const std::function<std::string(std::span<const std::string>)>& run = output_of);

/// The same once more with the options of the last submission, for posse finish --retry: nothing if
/// nothing is missing, if no unit was done since then, or if nothing was submitted.
/// @param retry  submissions that are left, this one among them
std::optional<SubmitReport> submit_again(
    const std::filesystem::path& run_folder, int retry,
    const std::function<std::string(std::span<const std::string>)>& run = output_of);

}  // namespace posse
