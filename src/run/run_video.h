/// The main job: an ensemble over a video, results on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/stop.h"
#include "ensemble/ensemble.h"
#include "run/options.h"
#include "run/result_paths.h"
#include "video/video_reader.h"

namespace posse {

enum class RunStatus {
  done,
  skipped,      ///< results of the same run were there already
  interrupted,  ///< stopped by the caller; the journal keeps what is finished
};

struct RunOutcome {
  RunStatus status = RunStatus::done;
  ResultPaths paths;
  int64_t num_frames = 0;   ///< rows of the table
  int64_t num_resumed = 0;  ///< of these, taken over from an earlier, interrupted run
  RunTimings timings;
  double load_seconds = 0;  ///< loading and compiling the networks, 0 if they were ready
  std::vector<std::string>
      warnings;  ///< about the data: corrupt frames, differing counts, a video that breaks off
};

struct RunContext {
  ProgressCallback progress;
  /// Called for every frame in order, resumed ones included, while the tables are written; not when
  /// a run is skipped.
  std::function<void(const FrameResult&)> on_frame;
  const StopFlag* stop = nullptr;
};

/// Runs the ensemble over a video (file or folder of pictures) and writes the results.
///
/// While it runs, results are kept in a journal; the same call after a kill goes on from it.
/// Results of the same run (same video, networks and options) are left as they are and `skipped` is
/// returned. A video that breaks off gives the frames before that, with a warning.
/// @throws Error as open_video; Error(io) if the folder cannot be written; Error(usage) if `folder`
/// holds results of
///         another run and options.force is not set; Error(io) while another process runs there.
RunOutcome run_video(Ensemble& ensemble, const std::filesystem::path& video,
                     const std::filesystem::path& out, const RunOptions& options,
                     const RunContext& context = {});

/// What run_video does, for frames that were computed before: the same files, without the networks.
///
/// @param results  of the frames that `options.frames` means, in order, made with
/// `options.consensus`.
/// @throws Error as run_video.
RunOutcome write_results(Ensemble& ensemble, const std::filesystem::path& video,
                         const std::filesystem::path& out, const RunOptions& options,
                         std::span<const FrameResult> results);

/// What run_video would do, without running anything.
struct RunPlan {
  VideoInfo video;
  ResultPaths paths;
  int64_t num_frames = 0;  ///< by the container's count; 0 if unknown
  bool finished_already = false;
  int64_t num_resumable = 0;  ///< frames in the journal of an interrupted run
  double table_bytes = 0;     ///< estimated size of the tables and of the journal while it runs
  double video_bytes = 0;     ///< of the labelled video, if it is asked for: taken as the input's
};
RunPlan plan_run(const Ensemble& ensemble, const std::filesystem::path& video,
                 const std::filesystem::path& out, const RunOptions& options);

}  // namespace posse
