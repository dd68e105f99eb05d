/// From frames to result files, without networks: stages and outputs over frames in order.
///
/// Usable apart from run_video: a run reads its own journal, a job array those of its shards, one
/// after another.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop.h"
#include "run/journal.h"
#include "run/output.h"
#include "run/stage.h"

namespace posse {

/// The next frame, false at the end. Frame numbers rise.
using FrameSource = std::function<bool(FrameResult&)>;

/// All frames of a journal. The reader must outlive the source.
FrameSource frames_of(JournalReader& journal);

/// An output that could not be written, and why.
struct FailedOutput {
  std::string name;
  Error error;
};

struct ReplayContext {
  ProgressCallback progress;
  std::string item;              ///< for progress: the video's name
  std::optional<int64_t> total;  ///< for progress
  /// Called for every frame in order, after the stages.
  std::function<void(const FrameResult&)> on_frame;
  const StopFlag* stop = nullptr;
};

struct ReplayReport {
  bool stopped = false;    ///< by the caller: no file was given its name
  int64_t num_frames = 0;  ///< taken from the source
  std::vector<FailedOutput> failed;
  std::vector<std::string> warnings;  ///< of the outputs
};

/// Hands every frame through the stages to every output and completes the outputs.
///
/// One that fails is left out from there on, the others go on; outputs that show the consensus all
/// fail with a stage that fails. Memory is that of the stages and outputs.
/// @throws Error of the source
ReplayReport replay(const FrameSource& source, StageChain& stages,
                    std::span<const std::unique_ptr<RunOutput>> outputs,
                    const ReplayContext& context = {});

}  // namespace posse
