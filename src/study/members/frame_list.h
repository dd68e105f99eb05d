/// Visits a list of frames, wherever they come from: pictures in files and frames of videos.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/image.h"

namespace posse {

struct FrameRef {
  std::filesystem::path file;    ///< a picture, or a video
  std::optional<int64_t> frame;  ///< of the video; nullopt: the file is a picture

  bool is_picture() const { return !frame.has_value(); }
};

/// Gives every frame of the list, pictures first, then video by video in the order of their frames,
/// one at a time.
///
/// @param visit  takes the place in the list and the frame; false: no further frames
/// @throws Error(not_found) for a frame that its video does not have; Error of the readers
void visit_frames(std::span<const FrameRef> frames,
                  const std::function<bool(size_t index, Image&& image)>& visit);

/// 64 hexadecimal digits of size and pixels.
std::string hash_of_image(const Image& image);

}  // namespace posse
