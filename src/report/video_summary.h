/// Summarises a video for `posse info`, as text and as JSON.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/stop.h"
#include "video/video_reader.h"

namespace posse {

struct VideoSummary {
  VideoInfo info;
  std::optional<VideoReport> decoded;  ///< of all frames; nothing if they were not asked for
};

/// @param decode  decode every frame, and say what is odd about them
/// @throws Error as open_video; Error(interrupted) when stopped
VideoSummary summarize_video(const std::filesystem::path& path, bool decode, const StopFlag& stop);

std::string to_text(const VideoSummary& summary);
Json to_json(const VideoSummary& summary);

}  // namespace posse
