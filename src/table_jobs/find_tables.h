/// Finds the table files that a command's inputs stand for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace posse {

struct FoundTables {
  /// Files, one per table.
  std::vector<std::filesystem::path> files;
  /// What was left out without changing a number, a sentence each: a .csv beside the .h5 that holds
  /// the same poses, DeepLabCut's skeleton files.
  std::vector<std::string> notes;
  /// What a person should look at, a sentence each: a .csv that differs from its .h5, a filtered
  /// table beside the one it was made from, files that look like copies.
  std::vector<std::string> warnings;
};

/// The tables named: files as they are, folders by their .csv, .h5 and .slp files in natural order,
/// hidden names and DeepLabCut's skeleton files left out.
///
/// X.h5, X.hdf5 and X.csv of one folder are one run's table in several formats: the first of these
/// is taken, once, and the others are compared with it.
/// @throws Error(not_found) for a path that is not there or a folder without tables; Error(usage)
/// for a file named twice or an empty name; Error(io) for what may not be read
FoundTables find_tables(const std::vector<std::filesystem::path>& paths);

}  // namespace posse
