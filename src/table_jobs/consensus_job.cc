#include "table_jobs/consensus_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "table_jobs/consensus_files.h"
#include "table_jobs/job_records.h"
#include "table_jobs/table_inputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Where the results go: one table, or a folder with the names that posse run gives.
struct Targets {
  std::vector<fs::path> tables;
  fs::path record;
};

Targets targets_of(const fs::path& out, const ConsensusOptions& options,
                   const std::vector<fs::path>& files) {
  if (out.empty()) return {};
  const std::string suffix = ascii_lower(out.extension().string());
  if (suffix == ".h5" || suffix == ".csv") return {{out}, record_beside(out)};
  if (suffix == ".hdf5" || suffix == ".slp" || suffix == ".txt" || suffix == ".json") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: tables are written as .h5 or .csv", out.string()));
  }
  const std::string scorer = consensus_scorer({.names = std::vector<std::string>(files.size()),
                                               .members = {},
                                               .options = options.keypoints});
  const std::string stem = common_stem(files) + scorer;
  Targets targets{.record = record_in(out)};
  for (const auto& [name, format] : EnumNames<TableFormat>::kNames) {
    const bool is_wanted = options.format == TableFormat::both ? format != TableFormat::both
                                                               : format == options.format;
    if (is_wanted) targets.tables.push_back(out / (stem + "." + std::string(name)));
  }
  return targets;
}

void check_targets(const Targets& targets, bool force) {
  for (const fs::path& table : targets.tables) check_target(table, force);
}

/// What files are called in messages and tables, in place of files for poses from memory.
std::vector<fs::path> names_as_files(const JobInputs& inputs) {
  if (inputs.poses.empty()) return inputs.paths;
  std::vector<fs::path> names;
  for (const NamedPoses& member : inputs.poses) names.emplace_back(member.name);
  return names;
}

void check_count(const std::vector<fs::path>& files, const JobReport& report) {
  if (files.size() >= 2) return;
  throw Error(ErrorKind::usage, "a consensus needs at least two tables",
              {.have = files.empty() ? "" : files.front().string(),
               .hint = report.notes.empty() ? "" : report.notes.front()});
}

}  // namespace

JobOutcome<PoseConsensus> run_consensus(const JobInputs& inputs, const fs::path& out,
                                        const ConsensusOptions& options, const JobHooks& hooks) {
  options.keypoints.validate();
  Job job(hooks);
  const JobInputs found = find_inputs(inputs, job);
  const std::vector<fs::path> files = names_as_files(found);
  check_count(files, job.report);
  const Targets targets = targets_of(out, options, files);
  check_targets(targets, options.force);
  const TableInputs read =
      read_members(found, options.common_bodyparts, options.bodypart_list, job);
  ConsensusSources sources{
      .names = {}, .members = read.tables.members, .options = options.keypoints};
  for (const fs::path& file : files)
    sources.names.push_back(inputs.poses.empty() ? file.stem().string() : file.string());
  job.progress("consensus", 0, 1, "tables");
  JobOutcome<PoseConsensus> outcome{
      .result = consensus_of_poses(sources.members, options.keypoints), .report = {}};
  job.progress("consensus", 1, 1, "tables");
  const auto& details = outcome.result.details;
  const bool has_any =
      std::any_of(details.begin(), details.end(),
                  [](const KeypointConsensus& one) { return !std::isnan(one.keypoint.x); });
  if (!has_any && !details.empty()) {
    job.warn(
        "no member counts anywhere: every point of the consensus is missing; see --min-likelihood "
        "and --min-members");
  }
  for (const fs::path& table : targets.tables)
    write_consensus_table(table, outcome.result, sources);
  if (!targets.tables.empty()) {
    job.report.files = targets.tables;
    job.report.record = targets.record;
    write_record(options,
                 {.inputs = std::span(&read, 1),
                  .num_frames = outcome.result.poses.num_frames(),
                  .bodyparts = outcome.result.poses.bodyparts},
                 job.report);
  }
  outcome.report = std::move(job.report);
  return outcome;
}

}  // namespace posse
