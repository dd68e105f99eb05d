#include "table_jobs/consensus_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "consensus/track/table_track.h"
#include "run/track_report.h"
#include "run/track_views.h"
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

Targets targets_of(const fs::path& out, const ConsensusJobOptions& options,
                   const std::vector<fs::path>& files) {
  if (out.empty()) return {};
  const std::string suffix = ascii_lower(out.extension().string());
  if (suffix == ".h5" || suffix == ".csv") return {{out}, record_beside(out)};
  if (suffix == ".hdf5" || suffix == ".slp" || suffix == ".txt" || suffix == ".json") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: tables are written as .h5 or .csv", out.string()));
  }
  const std::string scorer = consensus_scorer(
      {.names = std::vector<std::string>(files.size()), .members = {}, .method = options.method});
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

void check_count(const std::vector<fs::path>& files, TableMethod method, const JobReport& report) {
  const size_t least = method == TableMethod::track ? 1 : 2;
  if (files.size() >= least) return;
  throw Error(
      ErrorKind::usage,
      least == 1 ? "a track needs at least one table" : "a consensus needs at least two tables",
      {.have = files.empty() ? "" : files.front().string(),
       .hint = report.notes.empty() ? "" : report.notes.front()});
}

/// Refuses options that say nothing of the method.
void check_method(const ConsensusJobOptions& options) {
  const std::string method = fmt::format("--method {}", name_of(options.method));
  if (options.method != TableMethod::track) {
    refuse_track_options(options.track, method, "--method track makes one");
    if (options.cell == 0) return;
    throw Error(ErrorKind::usage, fmt::format("--cell says nothing of {}", method),
                {.hint = "--method track has cells"});
  }
  const KeypointConsensusOptions defaults;
  for (const auto& [name, is_changed] :
       {std::pair("--min-members", options.keypoints.min_members != defaults.min_members),
        std::pair("--trim", options.keypoints.trim != defaults.trim)}) {
    if (is_changed)
      throw Error(ErrorKind::usage, fmt::format("{} says nothing of {}", name, method));
  }
}

void check_track(const ConsensusJobOptions& options) {
  options.track.validate();
  if (!(options.cell >= 0 && std::isfinite(options.cell))) {
    throw Error(ErrorKind::usage, fmt::format("--cell is {}, must be 0 or more", options.cell));
  }
}

KeypointConsensusOptions frame_options(const ConsensusJobOptions& options) {
  KeypointConsensusOptions keypoints = options.keypoints;
  if (options.method != TableMethod::track) {
    for (const auto& [name, method] : EnumNames<KeypointMethod>::kNames) {
      if (name == name_of(options.method)) keypoints.method = method;
    }
  }
  return keypoints;
}

/// The tables without points below the likelihood that counts.
std::vector<Poses> counting(std::span<const Poses> members, double min_likelihood) {
  std::vector<Poses> kept(members.begin(), members.end());
  for (Poses& member : kept) {
    for (Keypoint& keypoint : member.keypoints) {
      if (keypoint.likelihood < min_likelihood) keypoint = {std::nan(""), std::nan(""), 0};
    }
  }
  return kept;
}

/// Members' points within the radius of a position.
int num_near(std::span<const Poses> members, size_t at, const Keypoint& position, double radius) {
  int count = 0;
  for (const Poses& member : members) {
    const Keypoint& point = member.keypoints[at];
    count += std::hypot(point.x - position.x, point.y - position.y) <= radius ? 1 : 0;
  }
  return count;
}

TableConsensus consensus_of(TableTrack track, std::span<const Poses> members,
                            const ConsensusJobOptions& options) {
  TableConsensus consensus;
  consensus.poses = {.bodyparts = members.front().bodyparts,
                     .frame_index = members.front().frame_index,
                     .keypoints = {}};
  for (TrackedFrame& frame : track.frames) {
    for (TrackedKeypoint& tracked : frame.keypoints) {
      if (tracked.chance_seen < options.track.hide_below)
        tracked.keypoint = {std::nan(""), std::nan(""), 0};
      const size_t at = consensus.details.size();
      consensus.details.push_back({.keypoint = tracked.keypoint,
                                   .covariance = tracked.spread,
                                   .std_x = std::sqrt(tracked.spread.xx),
                                   .std_y = std::sqrt(tracked.spread.yy),
                                   .num_members = tracked.num_members,
                                   .num_agreeing = num_near(members, at, tracked.keypoint,
                                                            options.keypoints.agreement_radius)});
      consensus.poses.keypoints.push_back(tracked.keypoint);
      consensus.track.push_back(tracked);
    }
  }
  consensus.groups = std::move(track.groups);
  consensus.lines = std::move(track.lines);
  consensus.report = std::move(track.report);
  return consensus;
}

TableConsensus tracked_consensus(std::span<const Poses> tables, const ConsensusJobOptions& options,
                                 Job& job) {
  const std::vector<Poses> members = counting(tables, options.keypoints.min_likelihood);
  const std::vector<std::string>& bodyparts = members.front().bodyparts;
  TableTrackOptions settings{.groups = {},
                             .views = parse_views(options.track, bodyparts),
                             .cell = options.cell,
                             .smooth = options.track.smooth,
                             .lag = static_cast<size_t>(options.track.lag)};
  if (options.track.look_alike != "auto")
    settings.groups = parse_look_alikes(options.track.look_alike, bodyparts);
  TableTrack track = track_of_poses(members, settings);
  if (options.track.look_alike == "auto") job.note(note_of_groups(track.groups, bodyparts));
  job.note(fmt::format("a cell of the track is {:.1f} px wide{}", track.cell,
                       options.cell > 0 ? "" : ", as members agree; see --cell"));
  for (const std::string& note : notes_of_lines(track.lines, bodyparts, track.cell)) job.note(note);
  std::vector<std::string> warnings = warnings_of_track(
      {.report = track.report, .close_pairs = track.close_pairs, .lines = track.lines},
      TrackedSetting{.bodyparts = bodyparts,
                     .num_members = members.size(),
                     .lag = settings.lag,
                     .cell = track.cell,
                     .option = "--method"});
  for (const std::string& warning : warnings) job.warn(warning);
  TableConsensus consensus = consensus_of(std::move(track), members, options);
  consensus.warnings = std::move(warnings);
  return consensus;
}

TableConsensus consensus_of_tables(std::span<const Poses> members,
                                   const ConsensusJobOptions& options, Job& job) {
  if (options.method == TableMethod::track) return tracked_consensus(members, options, job);
  return {consensus_of_poses(members, frame_options(options)), {}, {}, {}, {}, {}};
}

}  // namespace

JobOutcome<TableConsensus> run_consensus(const JobInputs& inputs, const fs::path& out,
                                         const ConsensusJobOptions& options,
                                         const JobHooks& hooks) {
  frame_options(options).validate();
  check_track(options);
  check_method(options);
  Job job(hooks);
  const JobInputs found = find_inputs(inputs, job);
  const std::vector<fs::path> files = names_as_files(found);
  check_count(files, options.method, job.report);
  const Targets targets = targets_of(out, options, files);
  check_targets(targets, options.force);
  const TableInputs read =
      read_members(found, options.common_bodyparts, options.bodypart_list, job);
  ConsensusSources sources{.names = {}, .members = read.tables.members, .method = options.method};
  for (const fs::path& file : files)
    sources.names.push_back(inputs.poses.empty() ? file.stem().string() : file.string());
  job.progress("consensus", 0, 1, "tables");
  JobOutcome<TableConsensus> outcome{.result = consensus_of_tables(sources.members, options, job),
                                     .report = {}};
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
    write_record(
        options,
        {.inputs = std::span(&read, 1),
         .num_frames = outcome.result.poses.num_frames(),
         .bodyparts = outcome.result.poses.bodyparts,
         .track = options.method == TableMethod::track
                      ? track_report_json(outcome.result.report, outcome.result.groups,
                                          outcome.result.poses.bodyparts, outcome.result.lines)
                      : ""},
        job.report);
  }
  outcome.report = std::move(job.report);
  return outcome;
}

}  // namespace posse
