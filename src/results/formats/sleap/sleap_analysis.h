/// Reads analysis files of SLEAP: arrays of points by track and frame.
#pragma once

#include <filesystem>

#include "results/table/raw_table.h"

namespace posse {

/// As a multi-animal table (scorer "SLEAP", one individual per track), rows are video frames.
/// @throws Error(bad_file)
RawTable read_sleap_analysis(const std::filesystem::path& path);

}  // namespace posse
