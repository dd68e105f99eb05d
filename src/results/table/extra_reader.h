/// Reads the arrays that posse stores beside a table.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace posse {

struct ExtraValues {
  std::vector<size_t> extents;  ///< rows of the table first
  std::vector<double> values;   ///< row-major
};

/// The dataset /posse/<name> of a consensus .h5 (docs/results.md).
/// @throws Error(not_found) without the file; Error(bad_file) without the dataset, or for a damaged
/// file
ExtraValues read_extra(const std::filesystem::path& path, const std::string& name);

/// Whether an HDF5 file has that dataset. @throws Error(not_found); Error(bad_file) if it is no
/// HDF5
bool has_extra(const std::filesystem::path& path, const std::string& name);

}  // namespace posse
