/// Reads arrays of MATLAB's files of level 5, as scipy.io.savemat and MATLAB up to -v7 write them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

struct MatArray {
  std::vector<size_t> extents;  ///< as MATLAB has them
  std::vector<double> values;   ///< the first index runs fastest
};

/// Reads a real numeric array by its name, whatever type its numbers have, compressed or not.
///
/// Memory stays below 1 GiB whatever the file claims.
/// @throws Error(not_found) without the file or an array of that name, listing those there are;
/// Error(bad_file) for what is damaged or no such file; Error(unsupported) for level 7.3 (HDF5),
/// big-endian files, complex numbers and what is no array of numbers
/// Source: MATLAB, MAT-File Format, R2019b.
MatArray read_mat_array(const std::filesystem::path& path, std::string_view name);

/// Reads the texts of one field of a struct array, element by element: what DeepLabCut's training
/// sets (`dataset`) have as `image`. A text of several rows, which are the parts of a path in
/// newer ones, is joined by "/"; blanks at the ends of rows are left out.
/// @throws as read_mat_array; Error(unsupported) where it is no struct array with such a field of
/// texts
std::vector<std::string> read_mat_texts(const std::filesystem::path& path, std::string_view name,
                                        std::string_view field);

}  // namespace posse
