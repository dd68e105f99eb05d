#include "run/run_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/text.h"
#include "run/compute_frames.h"
#include "run/journal.h"
#include "run/outputs/outputs.h"
#include "run/plan.h"
#include "run/precision_frames.h"
#include "run/run_record.h"
#include "run/stage.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Complete sentences about what was wrong with the data; empty if nothing was.
std::vector<std::string> warnings_of(const VideoReport& report, int64_t num_frames) {
  std::vector<std::string> warnings = report.warnings;  // a break among them
  if (num_frames == 0) warnings.emplace_back("no frame of the video lies in the range");
  return warnings;
}

/// The outputs of a plan that are not there yet.
std::vector<std::unique_ptr<RunOutput>> missing_outputs(const RunSetting& setting,
                                                        const RunPlan& plan) {
  std::vector<std::unique_ptr<RunOutput>> outputs = make_outputs(setting);
  POSSE_ASSERT(outputs.size() == plan.outputs.size());
  auto planned = plan.outputs.begin();
  std::erase_if(outputs, [&](const auto&) { return (planned++)->is_there; });
  return outputs;
}

/// All files of the plan but those of outputs that failed.
std::vector<fs::path> written_files(const RunPlan& plan, const std::vector<FailedOutput>& failed) {
  std::vector<fs::path> files;
  for (const PlannedOutput& output : plan.outputs) {
    const bool is_failed = std::any_of(
        failed.begin(), failed.end(), [&](const FailedOutput& f) { return f.name == output.name; });
    if (!is_failed) files.insert(files.end(), output.files.begin(), output.files.end());
  }
  files.push_back(plan.paths.record);
  return files;
}

/// From the frames to the files. @return false if stopped
bool write_outputs(const RunSetting& setting, const RunPlan& plan, const OpenFrames& frames,
                   const RunContext& context, RunOutcome& outcome) {
  StageChain stages = make_stages(setting);
  const auto outputs = missing_outputs(setting, plan);
  ReplayReport report = replay(frames, stages, outputs,
                               {.progress = context.progress,
                                .item = setting.video.filename().string(),
                                .total = outcome.num_frames,
                                .on_frame = context.on_frame,
                                .stop = context.stop});
  if (report.stopped) return false;
  if (!outputs.empty() && report.failed.size() == outputs.size()) throw report.failed.front().error;
  outcome.failed = std::move(report.failed);
  outcome.warnings = warnings_of(setting.facts.report, outcome.num_frames);
  std::move(report.warnings.begin(), report.warnings.end(), std::back_inserter(outcome.warnings));
  if (plan.whole_pictures) {
    outcome.warnings.emplace_back(
        "these are labelled pictures, which are cut already: config.yaml's cropping is not "
        "applied");
  }
  for (std::string& warning : stages.warnings()) outcome.warnings.push_back(std::move(warning));
  for (std::string& note : stages.notes()) outcome.notes.push_back(std::move(note));
  outcome.stage_reports = stages.reports();
  outcome.files = written_files(plan, outcome.failed);
  return true;
}

/// Writes the record; where that fails too, an output's own failure says more.
void record(const RunSetting& setting, const RunPlan& plan, const RunOutcome& outcome) {
  try {
    write_run_record(setting.ensemble, setting.options, plan, outcome, setting.facts);
  } catch (const Error&) {
    if (!outcome.failed.empty()) throw outcome.failed.front().error;
    throw;
  }
}

/// Removes what killed runs left unfinished below a folder of extras, also of files that this run
/// does not write.
void remove_unfinished(const ResultPaths& paths, const fs::path& extras) {
  std::error_code missing;
  fs::recursive_directory_iterator entry(extras, missing);
  if (missing) return;
  remove_abandoned_partials_in(extras, paths.stem);
  std::vector<fs::path> folders;
  for (; entry != fs::recursive_directory_iterator(); entry.increment(missing)) {
    if (missing) break;
    if (entry->is_directory(missing)) folders.push_back(entry->path());
  }
  for (const fs::path& folder : folders) remove_abandoned_partials_in(folder, paths.stem);
}

void remove_replaced(const RunPlan& plan) {
  std::error_code ignored;
  for (const fs::path& file : plan.replaced) fs::remove(file, ignored);
}

/// Removes the journal if it is not wanted and not needed to try a failed output again.
void settle_journal(const RunOptions& options, RunOutcome& outcome) {
  std::error_code ignored;
  if (!options.keep_journal && outcome.failed.empty()) {
    fs::remove(outcome.paths.journal, ignored);
    return;
  }
  const auto bytes = fs::file_size(outcome.paths.journal, ignored);
  if (!ignored) outcome.journal_bytes = static_cast<int64_t>(bytes);
}

}  // namespace

void finish_run(Ensemble& ensemble, const RunOptions& options, const RunPlan& plan,
                const OpenFrames& frames, const JournalFacts& facts, const RunContext& context,
                RunOutcome& outcome) {
  const RunSetting setting{.ensemble = ensemble,
                           .options = options,
                           .consensus = plan.consensus.method,
                           .paths = plan.paths,
                           .video = plan.video.path,
                           .info = plan.video,
                           .num_frames = outcome.num_frames,
                           .facts = facts};
  if (!write_outputs(setting, plan, frames, context, outcome)) {
    outcome.status = RunStatus::interrupted;
    return;
  }
  record(setting, plan, outcome);
  if (outcome.failed.empty()) remove_replaced(plan);
  remove_abandoned_partials_in(plan.paths.folder);
  for (const fs::path& extras : {plan.paths.extras, plan.paths.earlier_extras})
    remove_unfinished(plan.paths, extras);
}

RunOutcome begin_outcome(const RunPlan& plan, const RunContext& context) {
  RunOutcome outcome{.paths = plan.paths, .consensus = plan.consensus, .notes = plan.notes};
  if (context.on_consensus) context.on_consensus(plan.consensus);
  outcome.ran_networks = plan.needs_networks && !plan.finished_already;
  if (!plan.finished_already) return outcome;
  outcome.status = RunStatus::skipped;
  outcome.files = plan.files();
  outcome.num_frames = plan.recorded->num_frames;
  return outcome;
}

RunOutcome run_video(Ensemble& ensemble, const fs::path& video, const fs::path& out,
                     const RunOptions& options, const RunContext& context) {
  const RunPlan plan = plan_run(ensemble, video, out, options);
  RunOutcome outcome = begin_outcome(plan, context);
  if (plan.finished_already) return outcome;
  if (plan.needs_networks) {  // what is wrong with the networks is told before anything is written
    const double start = seconds_now();
    check_precision_on_video(ensemble, plan, options.frames, context.stop);
    ensemble.prepare({plan.video.height, plan.video.width});
    outcome.load_seconds = seconds_now() - start;
  }
  make_folders(plan.paths.folder);
  const JournalLock lock(plan.paths.journal);
  outcome.num_frames = outcome.num_resumed = plan.journal.num_frames;
  std::optional<JournalFacts> facts = plan.journal.facts;
  if (!facts) {
    FrameFeed feed(video, ensemble.decoder_threads({plan.video.height, plan.video.width}));
    ComputedFrames computed = compute_frames(
        ensemble, plan, {.frames = options.frames, .journal = plan.paths.journal, .key = plan.key},
        feed,
        {.progress = context.progress, .load_seconds = outcome.load_seconds, .stop = context.stop});
    outcome.num_frames = computed.num_frames;
    outcome.num_resumed = computed.num_resumed;
    outcome.timings = computed.timings;
    facts = std::move(computed.facts);
  }
  for (std::string& note : ensemble.take_notes()) outcome.notes.push_back(std::move(note));
  if (!facts) {
    outcome.status = RunStatus::interrupted;
    return outcome;
  }
  finish_run(ensemble, options, plan, frames_of(plan.paths.journal, plan.key), *facts, context,
             outcome);
  if (outcome.status == RunStatus::done) settle_journal(options, outcome);
  return outcome;
}

RunOutcome write_results(Ensemble& ensemble, const fs::path& video, const fs::path& out,
                         const RunOptions& options, std::span<const FrameResult> results,
                         const VideoReport& report) {
  const RunPlan plan = plan_run(ensemble, video, out, options);
  if (!plan.finished_already && plan.needs_networks) {
    make_folders(plan.paths.folder);
    const JournalLock lock(plan.paths.journal);
    with_system_errors([&] { fs::resize_file(plan.paths.journal, 0); });
    JournalWriter journal(plan.paths.journal, plan.key);
    for (const FrameResult& result : results) journal.append(result);
    const double now = unix_seconds_now();
    journal.finish({.report = report,
                    .started_seconds = now,
                    .finished_seconds = now,
                    .batch_size = ensemble.batch_size({plan.video.height, plan.video.width}),
                    .num_threads = ensemble.num_threads()});
  }
  return run_video(ensemble, video, out, options);  // finds all frames done
}

}  // namespace posse
