/// SLEAP's own files (.slp): instances by frame.
#pragma once

#include <filesystem>

#include "results/table/raw_table.h"

namespace posse {

/// As a multi-animal table (scorer "SLEAP", one individual per track), rows are video frames;
/// predicted instances, and hand-placed ones, which count before the prediction they correct.
/// @throws Error(bad_file)
RawTable read_slp(const std::filesystem::path& path);

/// The same with the instances alone that a person placed.
RawTable read_placed_slp(const std::filesystem::path& path);

}  // namespace posse
