/// The labelled video of a run: members, consensus and uncertainty drawn into the frames.
#pragma once

#include <filesystem>

#include "ensemble/ensemble.h"
#include "run/journal.h"
#include "run/run_video.h"

namespace posse {

/// Decodes the video again and draws what the journal holds; frames without results (outside the
/// range) are left out. Same size and presentation times as the input.
/// @return false if stopped by the caller; then nothing is written.
bool write_labeled_video(const Ensemble& ensemble, const std::filesystem::path& video,
                         const ResultPaths& paths, const RunOptions& options, const JournalKey& key,
                         const RunContext& context);

}  // namespace posse
