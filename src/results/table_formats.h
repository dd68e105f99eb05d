/// The readers behind read_raw_table(), one per file format.
#pragma once

#include <filesystem>

#include "results/raw_table.h"

namespace posse {

enum class TableFormat { csv, pandas_hdf5, sleap_analysis, slp };

/// Told by the first bytes and, for HDF5, by what lies at the root.
/// @throws Error(not_found, bad_file)
TableFormat detect_table_format(const std::filesystem::path& path);

RawTable read_csv_table(const std::filesystem::path& path);
RawTable read_pandas_hdf5(const std::filesystem::path& path);
/// As a multi-animal table (scorer "SLEAP", one individual per track), rows are video frames.
RawTable read_sleap_analysis(const std::filesystem::path& path);
/// Likewise; predicted instances, and hand-placed ones in frames that have no predicted ones.
RawTable read_slp(const std::filesystem::path& path);

}  // namespace posse
