/// Runs the networks over frames of a video into a journal, from where the journal stops.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/progress.h"
#include "base/stop.h"
#include "ensemble/ensemble.h"
#include "run/frame_feed.h"
#include "run/journal.h"
#include "run/plan.h"

namespace posse {

/// A piece of a run that is kept or lost as a whole: frames of one video with all members.
struct FrameWork {
  FrameRange frames;
  std::filesystem::path journal;
  JournalKey key;
  bool is_part = false;                ///< the video's other frames are in other journals
  bool has_before = false;             ///< pieces of the same video come before it
  std::optional<int64_t> read_from{};  ///< as FeedPiece::read_from
  bool has_more = false;               ///< others may follow
};

struct ComputedFrames {
  std::optional<JournalFacts> facts;  ///< nullopt if stopped before the end
  int64_t num_frames = 0;             ///< in the journal now
  int64_t num_resumed = 0;            ///< of these, found there
  RunTimings timings;
};

struct ComputeContext {
  ProgressCallback progress;
  /// Seconds that loading the networks took, for the facts.
  double load_seconds = 0;
  const StopFlag* stop = nullptr;
  /// Called with the journal when a batch has been added to it.
  std::function<void(JournalWriter&)> on_batch;
};

/// Completes the journal of a piece and ends it with the facts of this pass.
/// @param plan  of the run that the piece belongs to
/// @throws Error of networks, video and journal
ComputedFrames compute_frames(Ensemble& ensemble, const RunPlan& plan, const FrameWork& work,
                              FrameFeed& feed, const ComputeContext& context);

}  // namespace posse
