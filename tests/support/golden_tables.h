/// Reads pose tables in csv, plain or gzipped, as plain columns, for tests. Trusts its input.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/poses.h"

namespace posse::testing {

struct CsvTable {
  /// Names in the order of the file.
  std::vector<std::string> bodyparts;
  /// From (bodypart, coord) to [frames].
  std::map<std::pair<std::string, std::string>, std::vector<double>> columns;
  const std::vector<double>& column(const std::string& bodypart, const std::string& coord) const;
  /// Columns x, y, likelihood.
  Poses poses() const;
};

CsvTable read_csv_table(const std::filesystem::path& path);

/// Files of a folder whose name contains `part`, sorted, as poses.
std::vector<Poses> read_members(const std::filesystem::path& folder, const std::string& part);

}  // namespace posse::testing
