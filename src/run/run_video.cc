#include "run/run_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "results/result_names.h"
#include "run/journal.h"
#include "run/labeled_video.h"
#include "run/result_files.h"
#include "run/run_record.h"
#include "run/smoothed_run.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

JournalKey key_of(const Ensemble& ensemble, std::string fingerprint) {
  return {.fingerprint = std::move(fingerprint),
          .num_members = static_cast<uint32_t>(ensemble.members().size()),
          .num_bodyparts = static_cast<uint32_t>(ensemble.bodyparts().size())};
}

/// Frames of the range that come after `last`; all of them without one.
FrameRange remaining(FrameRange range, std::optional<int64_t> last) {
  if (last) range.start = std::max(range.start, *last + range.step);
  if (range.stop) range.stop = std::max(*range.stop, range.start);
  return range;
}

std::optional<int64_t> expected_frames(const VideoInfo& info, const FrameRange& range) {
  if (info.container_num_frames) return range.count(*info.container_num_frames);
  if (range.stop) return range.count(*range.stop);
  return std::nullopt;
}

bool all_exist(const ResultPaths& paths, const RunOptions& options) {
  const auto files = paths.final_files(options);
  return std::all_of(files.begin(), files.end(), [](const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
  });
}

/// True if `folder` already holds the results of this very run. @throws Error(usage) if they are
/// another run's.
bool finished_already(const ResultPaths& paths, const std::optional<RecordedRun>& recorded,
                      const std::string& fingerprint, const RunOptions& options) {
  if (!recorded || options.force) return false;
  if (recorded->fingerprint == fingerprint) return all_exist(paths, options);
  throw Error(ErrorKind::usage,
              fmt::format("{}: holds the results of a run with other networks, options or video",
                          paths.folder.string()),
              {.hint = "--force overwrites them; --out FOLDER keeps them"});
}

std::optional<InputIdentity> identity_in(const std::optional<RecordedRun>& recorded) {
  if (!recorded) return std::nullopt;
  return recorded->video;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("{}: folder cannot be made: {}", folder.string(), error.message()),
                {.hint = "choose a folder you may write to with --out"});
  }
}

/// Complete sentences about what was wrong with the data; empty if nothing was.
std::vector<std::string> warnings_of(const VideoReport& report, int64_t num_frames) {
  std::vector<std::string> warnings = report.warnings;  // a break among them
  if (num_frames == 0) warnings.push_back("no frame of the video lies in the range");
  return warnings;
}

RunMetadata metadata_of(const Ensemble& ensemble, const RunOutcome& outcome,
                        const FrameRange& frames, const VideoInfo& info) {
  const int64_t length = std::max<int64_t>((outcome.num_frames - 1) * frames.step + 1, 0);
  return {.scorer = outcome.paths.scorer,
          .first_frame = frames.start,
          .stop_frame = frames.start + length,
          .duration_seconds = outcome.timings.wall_seconds,
          .frames_per_second = info.fps,
          .batch_size = ensemble.batch_size({info.height, info.width}),
          .frame_height = info.height,
          .frame_width = info.width,
          .num_frames = outcome.num_frames};
}

/// The networks' part of a run: frames into the journal.
class JournalRun {
 public:
  JournalRun(Ensemble& ensemble, const fs::path& video, const RunOptions& options,
             const RunContext& context)
      : ensemble_(ensemble), video_(video), options_(options), context_(context) {}

  /// @return false if stopped before the end.
  bool run(JournalWriter& journal, RunOutcome& outcome) {
    reader_ = open_video(video_, {.range = remaining(options_.frames, journal.last_frame_index())});
    const auto total = expected_frames(reader_->info(), options_.frames);
    outcome.num_resumed = journal.num_resumed();
    done_ = taken_over_ = journal.num_resumed();
    start_ = seconds_now();
    report_progress(total);
    outcome.timings = ensemble_.run({
        .source = [this](VideoFrame& frame) { return reader_->read(frame); },
        .consensus = options_.consensus,
        .sink =
            [&](FrameBundle& bundle) {
              for (const FrameResult& result : bundle.results) journal.append(result);
              journal.flush();
              done_ += static_cast<int64_t>(bundle.results.size());
              report_progress(total);
            },
        .stop = context_.stop,
    });
    outcome.num_frames = done_;
    return context_.stop == nullptr || !context_.stop->requested();
  }

  const VideoInfo& info() const { return reader_->info(); }
  const VideoReport& report() const { return reader_->report(); }

 private:
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
  std::unique_ptr<VideoReader> reader_;
  int64_t done_ = 0;
  int64_t taken_over_ = 0;
  double start_ = 0;
};

void write_tables(const Ensemble& ensemble, const ResultPaths& paths, const RunOptions& options,
                  const JournalKey& key, const RunContext& context) {
  ResultFiles files(ensemble, paths, options);
  JournalReader journal(paths.journal, key);
  for (FrameResult result; journal.read(result);) {
    files.append(result);
    if (context.on_frame) context.on_frame(result);
  }
  files.finish();
}

}  // namespace

RunOutcome run_video(Ensemble& ensemble, const fs::path& video, const fs::path& out,
                     const RunOptions& options, const RunContext& context) {
  options.frames.validate();
  RunOutcome outcome{.paths = result_paths(ensemble, video, out, options)};
  const ResultPaths& paths = outcome.paths;
  const VideoInfo info =
      open_video(video)->info();  // its faults are told before anything is written
  const auto recorded = read_run_record(paths.record);
  const InputIdentity identity = identify_input(video, identity_in(recorded));
  const std::string fingerprint = fingerprint_of(ensemble, identity, options);
  if (finished_already(paths, recorded, fingerprint, options)) {
    outcome.status = RunStatus::skipped;
    outcome.num_frames = recorded->num_frames;
    return outcome;
  }
  check_labeled_video(ensemble, info, paths);
  const JournalKey key = key_of(ensemble, fingerprint);
  outcome.load_seconds = ensemble.prepare({info.height, info.width});  // those of the weights too
  make_folder(paths.folder);
  const JournalLock lock(paths.journal);
  JournalRun run(ensemble, video, options, context);
  {
    JournalWriter journal(paths.journal, key);
    if (!run.run(journal, outcome)) {
      outcome.status = RunStatus::interrupted;
      return outcome;
    }
  }
  outcome.warnings = warnings_of(run.report(), outcome.num_frames);
  write_tables(ensemble, paths, options, key, context);
  if (!paths.smoothed.empty()) write_smoothed_run(ensemble, paths, options, key);
  write_meta_pickle(paths.meta_pickle, metadata_of(ensemble, outcome, options.frames, run.info()));
  if (!paths.labeled_video.empty() &&
      !write_labeled_video(ensemble, video, paths, options, key, context, outcome.warnings)) {
    outcome.status = RunStatus::interrupted;
    return outcome;
  }
  write_run_record(ensemble, options, outcome, identity, run.info(), run.report(), fingerprint);
  std::error_code ignored;
  fs::remove(paths.journal, ignored);
  return outcome;
}

RunOutcome write_results(Ensemble& ensemble, const fs::path& video, const fs::path& out,
                         const RunOptions& options, std::span<const FrameResult> results) {
  if (!plan_run(ensemble, video, out, options).finished_already) {
    const ResultPaths paths = result_paths(ensemble, video, out, options);
    make_folder(paths.folder);
    const JournalLock lock(paths.journal);
    fs::resize_file(paths.journal, 0);
    JournalWriter journal(
        paths.journal,
        key_of(ensemble, fingerprint_of(ensemble, identify_input(video, {}), options)));
    for (const FrameResult& result : results) journal.append(result);
    journal.flush();
  }
  return run_video(ensemble, video, out, options);  // finds all frames done
}

RunPlan plan_run(const Ensemble& ensemble, const fs::path& video, const fs::path& out,
                 const RunOptions& options) {
  options.frames.validate();
  RunPlan plan{.paths = result_paths(ensemble, video, out, options)};
  plan.video = open_video(video)->info();
  check_labeled_video(ensemble, plan.video, plan.paths);
  plan.num_frames = expected_frames(plan.video, options.frames).value_or(0);
  const auto recorded = read_run_record(plan.paths.record);
  const InputIdentity identity = identify_input(video, identity_in(recorded));
  const std::string fingerprint = fingerprint_of(ensemble, identity, options);
  plan.finished_already = finished_already(plan.paths, recorded, fingerprint, options);
  std::error_code missing;
  if (fs::exists(plan.paths.journal, missing)) {
    try {
      JournalReader journal(plan.paths.journal, key_of(ensemble, fingerprint));
      for (FrameResult result; journal.read(result);) ++plan.num_resumable;
    } catch (const Error&) {  // another run's journal: nothing to go on from
      plan.num_resumable = 0;
    }
  }
  plan.table_bytes =
      estimated_bytes_per_frame(ensemble, options) * static_cast<double>(plan.num_frames);
  if (options.labeled_video) plan.video_bytes = static_cast<double>(identity.num_bytes);
  return plan;
}

}  // namespace posse
