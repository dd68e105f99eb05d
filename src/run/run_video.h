/// Runs an ensemble over a video and writes its results: the main job.
///
/// A run is: plan (plan.h); compute frames into the journal (compute_frames.h); read it and hand
/// each frame through the stages (stage.h) to every output (output.h); record (run_record.h). Many
/// machines do the same, with a journal for each piece of the video (src/cluster).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/stop.h"
#include "ensemble/ensemble.h"
#include "run/consensus_choice.h"
#include "run/options.h"
#include "run/replay.h"
#include "run/result_paths.h"

namespace posse {

enum class RunStatus {
  done,
  skipped,      ///< results of the same run were there already
  interrupted,  ///< stopped by the caller; the journal keeps what is finished
};

struct RunPlan;

struct RunOutcome {
  RunStatus status = RunStatus::done;
  ResultPaths paths;
  ChosenConsensus consensus;
  /// Files of the results, run.json last; without those of outputs that failed.
  std::vector<std::filesystem::path> files;
  /// Rows of the table.
  int64_t num_frames = 0;
  /// Frames of these that were taken over from an earlier run's journal.
  int64_t num_resumed = 0;
  /// False: all frames were in the journal.
  bool ran_networks = true;
  /// Bytes of the journal that was kept; 0 if there is none.
  int64_t journal_bytes = 0;
  /// Timings of this call; zeros if no network was run.
  RunTimings timings;
  /// Seconds of loading and compiling the networks, 0 if they were ready.
  double load_seconds = 0;
  /// About the data: corrupt frames, differing counts, a video that breaks off.
  std::vector<std::string> warnings;
  /// Reports of the stages, by name: JSON for run.json.
  std::map<std::string, std::string> stage_reports;
  /// What was found in the folder and how it was taken.
  std::vector<std::string> notes;
  /// Outputs that could not be written; the others were.
  std::vector<FailedOutput> failed;
};

struct RunContext {
  ProgressCallback progress;
  /// Called once, before the networks run.
  std::function<void(const ChosenConsensus&)> on_consensus;
  /// Called for every frame in order, resumed ones included, while the results are written; not
  /// when a run is skipped.
  std::function<void(const FrameResult&)> on_frame;
  const StopFlag* stop = nullptr;
};

/// Runs the ensemble over a video (file or folder of pictures) and writes the results.
///
/// Frames are kept in a journal: the same call after a kill goes on from it, and a call that asks
/// for further results of the same run (same video, networks and options that decide the numbers)
/// makes those alone, from the journal, without networks. Results that are there are left as they
/// are; `skipped` is returned if all are. An output that fails costs neither the others nor the
/// record: see `failed`; the same call tries it again. A video that breaks off gives the frames
/// before that, with a warning.
/// @throws Error as plan_run; Error(io) if the folder cannot be written, or while another process
/// runs there; the first output's Error if all failed
RunOutcome run_video(Ensemble& ensemble, const std::filesystem::path& video,
                     const std::filesystem::path& out, const RunOptions& options,
                     const RunContext& context = {});

/// What a run begins with: for results that are all there, `skipped` and what they are. Tells
/// context.on_consensus.
RunOutcome begin_outcome(const RunPlan& plan, const RunContext& context);

/// The second half of a run: from frames that are computed, in one journal or in several, to the
/// files and run.json. `outcome.status` becomes interrupted if the caller stops.
///
/// @param outcome  of begin_outcome(), with num_frames
/// @throws Error(io); the first output's Error if all failed
void finish_run(Ensemble& ensemble, const RunOptions& options, const RunPlan& plan,
                const OpenFrames& frames, const JournalFacts& facts, const RunContext& context,
                RunOutcome& outcome);

/// What run_video does, for frames that were computed before: the same files, without the networks.
///
/// @param results  of the frames that `options.frames` means, in order, made with
/// `options.consensus`, which is not automatic; for a track as the networks gave them, with
/// evidence.
/// @param report  of the decoding of those frames
/// @throws Error as run_video.
RunOutcome write_results(Ensemble& ensemble, const std::filesystem::path& video,
                         const std::filesystem::path& out, const RunOptions& options,
                         std::span<const FrameResult> results, const VideoReport& report = {});

}  // namespace posse
