/// Detects the kind of file that a pose table is.
#pragma once

#include <filesystem>

namespace posse {

enum class TableKind { csv, pandas_hdf5, sleap_analysis, slp };

/// Detects it by the first bytes and, for HDF5, by what lies at the root.
/// @throws Error(not_found, bad_file)
TableKind detect_table_kind(const std::filesystem::path& path);

}  // namespace posse
