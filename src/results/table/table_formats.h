/// The readers behind read_raw_table(), one per file format.
#pragma once

#include <filesystem>
#include <functional>

#include "results/table/raw_table.h"

namespace posse {

enum class TableKind { csv, pandas_hdf5, sleap_analysis, slp };

/// Told by the first bytes and, for HDF5, by what lies at the root.
/// @throws Error(not_found, bad_file)
TableKind detect_table_kind(const std::filesystem::path& path);

/// Called whenever a block of rows is there, and once at the end: takes them and clears them, so
/// that a table is never in memory twice. Without it all rows are returned.
using TakeRows = std::function<void(RawTable& table)>;

RawTable read_csv_table(const std::filesystem::path& path, const TakeRows& take_rows = {});
RawTable read_pandas_hdf5(const std::filesystem::path& path, const TakeRows& take_rows = {});
/// As a multi-animal table (scorer "SLEAP", one individual per track), rows are video frames.
RawTable read_sleap_analysis(const std::filesystem::path& path);
/// Likewise; predicted instances, and hand-placed ones in frames that have no predicted ones.
RawTable read_slp(const std::filesystem::path& path);

}  // namespace posse
