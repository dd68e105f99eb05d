/// Writes frame numbers for sentences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace posse {

/// Frame numbers that a sentence names at most.
inline constexpr size_t kMostFramesNamed = 5;

/// "frame 3", "frames 3, 4 and 7", "frames 1, 2, 3, 4, 5 and 20 more".
/// @param first  the first of them; @param number  of all, at least as many
std::string listed_frames(const std::vector<int64_t>& first, int64_t number);

/// "2 frames could not be decoded and are left out (frames 3 and 4)", without a full stop.
std::string lost_frames_text(const std::vector<int64_t>& first, int64_t number);

/// "1 frame decoded with errors in the picture, kept (frame 3)", without a full stop.
std::string corrupt_frames_text(const std::vector<int64_t>& first, int64_t number);

}  // namespace posse
