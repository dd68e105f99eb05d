/// Reads SLEAP's own files (.slp): instances by frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "results/table/raw_table.h"

namespace posse {

/// As a multi-animal table (scorer "SLEAP", one individual per track), rows are video frames;
/// predicted instances, and hand-placed ones, which count before the prediction they correct.
/// @param video  of a file with frames of several: a video's number in the file, from 0, or its
/// file name, with or without folders; empty: the only one that has frames
/// @throws Error(bad_file); Error(unsupported) for several videos without a choice and
/// Error(not_found) for a video that has no frames, listing those there are
RawTable read_slp(const std::filesystem::path& path, const std::string& video = "");

/// The same with the instances alone that a person placed.
RawTable read_placed_slp(const std::filesystem::path& path, const std::string& video = "");

/// A video of a file, as the file has it.
struct SlpVideo {
  /// Number in the file, from 0.
  int64_t number = 0;
  /// Path of the video, or of each of its pictures, with slashes; of pictures that were put into
  /// the file that of the video they are from. Empty where the file says none.
  std::vector<std::string> names;
};

/// Those that have frames, by number. @throws Error(bad_file)
std::vector<SlpVideo> videos_of_slp(const std::filesystem::path& path);

}  // namespace posse
