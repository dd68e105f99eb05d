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
#include "run/journal.h"
#include "run/outputs/outputs.h"
#include "run/plan.h"
#include "run/run_record.h"
#include "run/stage.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Frames of the range that come after `last`; all of them without one.
FrameRange remaining(FrameRange range, std::optional<int64_t> last) {
  if (last) range.start = std::max(range.start, *last + range.step);
  if (range.stop) range.stop = std::max(*range.stop, range.start);
  return range;
}

/// Number of the frame from which a run over batches goes on, whose journal holds the first
/// `num_done` frames: the first of the batch before the one that is not done, which completes that
/// one if it is the last. Counted among the frames of the range.
int64_t first_of_batches(int64_t num_done, int64_t batch) {
  return std::max<int64_t>(num_done / batch - 1, 0) * batch;
}

/// frame_index of the journal's record `number`.
int64_t frame_index_at(const fs::path& path, const JournalKey& key, int64_t number) {
  JournalReader journal(path, key);
  FrameResult result;
  for (int64_t i = 0; i <= number; ++i) POSSE_ASSERT(journal.read(result));
  return result.frame_index;
}

/// Complete sentences about what was wrong with the data; empty if nothing was.
std::vector<std::string> warnings_of(const VideoReport& report, int64_t num_frames) {
  std::vector<std::string> warnings = report.warnings;  // a break among them
  if (num_frames == 0) warnings.emplace_back("no frame of the video lies in the range");
  return warnings;
}

/// The networks' part of a run: frames into the journal.
class JournalRun {
 public:
  JournalRun(Ensemble& ensemble, const fs::path& video, const RunOptions& options,
             const RunContext& context, const RunPlan& plan)
      : ensemble_(ensemble), video_(video), options_(options), context_(context), plan_(plan) {}

  /// Ends the journal with the facts of this pass; nullopt if stopped before the end.
  std::optional<JournalFacts> run(JournalWriter& journal, RunOutcome& outcome) {
    const std::optional<int64_t> last = journal.last_frame_index();
    // What a stopped pass had said of the video is not in the journal: from the start it is all
    // said again.
    const auto reader = open_video(
        video_, {.range = range_to_run(journal), .allow_seek = journal.num_resumed() == 0});
    const auto total = expected_frames(reader->info(), options_.frames);
    JournalFacts facts{.load_seconds = outcome.load_seconds,
                       .num_resumed = journal.num_resumed(),
                       .started_seconds = unix_seconds_now()};
    outcome.num_resumed = done_ = taken_over_ = journal.num_resumed();
    start_ = seconds_now();
    report_progress(total);
    facts.timings = outcome.timings = ensemble_.run({
        .source = [&](VideoFrame& frame) { return reader->read(frame); },
        .consensus = map_method(plan_.consensus.method),
        .keep_evidence = plan_.key.evidence,
        .whole_pictures = runs_on_whole_pictures(ensemble_, video_, reader->info()),
        .boxes = plan_.boxes ? &*plan_.boxes : nullptr,
        .sink =
            [&](FrameBundle& bundle) {
              for (const FrameResult& result : bundle.results) {
                if (last && result.frame_index <= *last) continue;
                journal.append(result);
                ++done_;
              }
              journal.flush();
              report_progress(total);
            },
        .stop = context_.stop,
    });
    outcome.num_frames = done_;
    if (context_.stop != nullptr && context_.stop->requested()) return std::nullopt;
    facts.report = reader->report();
    facts.finished_seconds = unix_seconds_now();
    add_ensemble(reader->info(), facts);
    journal.finish(facts);
    return facts;
  }

 private:
  /// What is not in the journal; where networks look at whole batches, from the batch before it on.
  FrameRange range_to_run(const JournalWriter& journal) const {
    FrameRange range = remaining(options_.frames, journal.last_frame_index());
    const int batch = ensemble_.batch_norm_frames();
    if (batch == 1 || journal.num_resumed() == 0) return range;
    const int64_t number = first_of_batches(journal.num_resumed(), batch);
    range.start = frame_index_at(plan_.paths.journal, plan_.key, number);
    return range;
  }

  void add_ensemble(const VideoInfo& info, JournalFacts& facts) const {
    facts.batch_size = ensemble_.batch_size({info.height, info.width});
    facts.num_threads = ensemble_.num_threads();
    facts.num_shared_prefixes = ensemble_.num_shared_prefixes();
    facts.weight_bytes = ensemble_.weight_bytes();
    facts.workspace_bytes = ensemble_.workspace_bytes();
    facts.peak_bytes = peak_resident_bytes();
  }

  void report_progress(std::optional<int64_t> total) const {
    if (!context_.progress) return;
    context_.progress({.stage = "networks",
                       .item = video_.filename().string(),
                       .done = done_,
                       .total = total,
                       .taken_over = taken_over_,
                       .elapsed_seconds = seconds_now() - start_});
  }

  Ensemble& ensemble_;
  const fs::path& video_;
  const RunOptions& options_;
  const RunContext& context_;
  const RunPlan& plan_;
  int64_t done_ = 0;
  int64_t taken_over_ = 0;
  double start_ = 0;
};

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

/// From the journal to the files. @return false if stopped
bool write_outputs(const RunSetting& setting, const RunPlan& plan, const RunContext& context,
                   RunOutcome& outcome) {
  StageChain stages = make_stages(setting);
  const auto outputs = missing_outputs(setting, plan);
  ReplayReport report = replay(frames_of(plan.paths.journal, plan.key), stages, outputs,
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

RunOutcome run_video(Ensemble& ensemble, const fs::path& video, const fs::path& out,
                     const RunOptions& options, const RunContext& context) {
  const RunPlan plan = plan_run(ensemble, video, out, options);
  RunOutcome outcome{.paths = plan.paths, .consensus = plan.consensus, .notes = plan.notes};
  if (context.on_consensus) context.on_consensus(plan.consensus);
  outcome.ran_networks = plan.needs_networks && !plan.finished_already;
  if (plan.finished_already) {
    outcome.status = RunStatus::skipped;
    outcome.files = plan.files();
    outcome.num_frames = plan.recorded->num_frames;
    return outcome;
  }
  if (plan.needs_networks)  // those of the weights are told before anything is written
    outcome.load_seconds = ensemble.prepare({plan.video.height, plan.video.width});
  make_folders(plan.paths.folder);
  const JournalLock lock(plan.paths.journal);
  outcome.num_frames = outcome.num_resumed = plan.journal.num_frames;
  std::optional<JournalFacts> facts = plan.journal.facts;
  if (!facts) {
    JournalWriter journal(plan.paths.journal, plan.key);
    facts = JournalRun(ensemble, video, options, context, plan).run(journal, outcome);
  }
  const RunSetting setting{.ensemble = ensemble,
                           .options = options,
                           .consensus = plan.consensus.method,
                           .paths = plan.paths,
                           .video = video,
                           .info = plan.video,
                           .facts = facts.value_or(JournalFacts())};
  if (!facts || !write_outputs(setting, plan, context, outcome)) {
    outcome.status = RunStatus::interrupted;
    return outcome;
  }
  record(setting, plan, outcome);
  if (outcome.failed.empty()) remove_replaced(plan);
  remove_abandoned_partials_in(plan.paths.folder);
  for (const fs::path& extras : {plan.paths.extras, plan.paths.earlier_extras})
    remove_unfinished(plan.paths, extras);
  settle_journal(options, outcome);
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
