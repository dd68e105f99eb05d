/// The labelled video of a run: members, consensus and uncertainty drawn into the frames.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ensemble/ensemble.h"
#include "run/journal.h"
#include "run/run_video.h"
#include "video/video_reader.h"

namespace posse {

/// Whether the labelled video of such a video could be written, so that this is known before the
/// networks run. @throws Error as VideoWriter::check, naming the video
void check_labeled_video(const Ensemble& ensemble, const VideoInfo& video,
                         const ResultPaths& paths);

/// Decodes the video again and draws what the journal holds; frames without results (outside the
/// range) are left out. Same size and presentation times as the input.
/// @param warnings  gets sentences about frames whose times do not increase or are missing.
/// @return false if stopped by the caller; then nothing is written.
bool write_labeled_video(const Ensemble& ensemble, const std::filesystem::path& video,
                         const ResultPaths& paths, const RunOptions& options, const JournalKey& key,
                         const RunContext& context, std::vector<std::string>& warnings);

}  // namespace posse
