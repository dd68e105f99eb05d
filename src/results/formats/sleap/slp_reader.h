/// SLEAP's own files (.slp): instances by frame.
#pragma once

#include <filesystem>
#include <string>

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
RawTable read_placed_slp(const std::filesystem::path& path);

}  // namespace posse
