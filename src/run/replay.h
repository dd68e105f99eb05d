/// Makes result files from frames, without networks: hands frames in order through stages to
/// outputs.
///
/// Usable apart from run_video: a run reads its own journal, a job array those of its shards, one
/// after another.
#pragma once

#include <filesystem>
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

/// Begins with the first frame, each time it is called.
using OpenFrames = std::function<FrameSource()>;

/// All frames of the journal at `path`. @throws what JournalReader throws, when it is opened
OpenFrames frames_of(const std::filesystem::path& path, const JournalKey& key);

/// An output that could not be written, and why.
struct FailedOutput {
  std::string name;
  Error error;
};

struct ReplayContext {
  ProgressCallback progress;
  /// The video's name, for progress.
  std::string item;
  /// Number of frames, for progress.
  std::optional<int64_t> total;
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

/// Hands every frame through the stages to every output and completes the outputs. Frames are read
/// once, or twice where a stage wants to look at all of them first.
///
/// One that fails is left out from there on, the others go on; outputs that show the consensus all
/// fail with a stage that fails. Memory is that of the stages and outputs.
/// @throws Error of the frames
ReplayReport replay(const OpenFrames& frames, StageChain& stages,
                    std::span<const std::unique_ptr<RunOutput>> outputs,
                    const ReplayContext& context = {});

}  // namespace posse
