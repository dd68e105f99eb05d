/// What `posse smooth` reads from words: ranges of frames, blocks of keypoints, which file belongs
/// to which camera.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/frame_range.h"

namespace posse {

/// Frames for tuning. Each word is a range A:B, a number N for the first N frames, or eks's own
/// notation "[(a,b),(c,d)]", where an end may be empty or None. Half-open, counted from 0.
/// @throws Error(usage)
std::vector<FrameRange> parse_tuning_frames(const std::vector<std::string>& words);

/// "0,1,2;3,4": positions of keypoints that share one s. @throws Error(usage)
std::vector<std::vector<size_t>> parse_blocks(const std::string& text);

/// The blocks as parse_blocks reads them.
std::string text_of(const std::vector<std::vector<size_t>>& blocks);

/// The files of each camera: those whose names hold the camera's name. Where one camera's name is
/// part of another's ("cam_1", "cam_10"), it counts only where it stands outside the longer one.
/// @throws Error(usage) for a file without a camera or with two, cameras without files or with
/// different numbers of them
std::vector<std::vector<std::filesystem::path>> files_by_camera(
    const std::vector<std::filesystem::path>& files, const std::vector<std::string>& cameras);

/// The one .npy below the folders among `inputs` whose name holds "timestamps" and `side`.
/// @throws Error(usage) if there is none or more than one
std::filesystem::path find_timestamps(const std::vector<std::filesystem::path>& inputs,
                                      const std::string& side);

}  // namespace posse
