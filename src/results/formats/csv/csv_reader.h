/// Reads pose tables in comma-separated values.
#pragma once

#include <filesystem>

#include "results/table/raw_table.h"

namespace posse {

/// Three or four header rows, then a row per frame or picture.
/// @throws Error(bad_file) naming line and column
RawTable read_csv_table(const std::filesystem::path& path, const TakeRows& take_rows = {});

}  // namespace posse
