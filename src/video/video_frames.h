/// Reads a few frames out of a long video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/image.h"
#include "base/stop.h"

namespace posse {

/// Takes a frame; false: no further ones.
using VisitFrame = std::function<bool(int64_t frame, const Image& image)>;

/// Gives those of `frames` (rising) that the video has, in order. What lies between is decoded, but
/// for long gaps, which are jumped over where the video's kind lets frames be found that way.
/// @param long_gap  frames; a jump costs up to a group of pictures
/// @return how many were given; fewer where the video breaks off or has no such frame
/// @throws Error of the reader; Error(interrupted)
size_t visit_video_frames(const std::filesystem::path& video, std::span<const int64_t> frames,
                          const StopFlag* stop, const VisitFrame& visit, int64_t long_gap = 600);

}  // namespace posse
