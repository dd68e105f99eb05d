/// Holds, prints and writes the results of studies: tables and matrices.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"

namespace posse {

using StudyCell = std::variant<std::string, double, int64_t>;

struct StudyTable {
  std::string name;   ///< "members": the csv's stem and the JSON's key
  std::string title;  ///< a line for people
  std::vector<std::string> columns;
  std::vector<std::vector<StudyCell>> rows;
};

/// Numbers for a picture: a row for every training frame, say, a column for every frame.
struct StudyMatrix {
  std::string name;  ///< "inclusion", "influence_error"
  std::string unit;
  std::vector<std::string> layers;  ///< bodyparts; one empty name where there is but one
  std::vector<std::string> rows, columns;
  std::vector<double> values;  ///< [layers, rows, columns]
  std::vector<size_t> order;   ///< of rows, the best performance first; empty where there is none
};

struct Study {
  bool legacy = false;
  std::vector<std::string> bodyparts, members, frames;
  std::vector<char> is_test;  ///< [frames]
  std::vector<StudyTable> tables;
  std::vector<StudyMatrix> matrices;
  std::vector<std::string> notes, warnings;
};

/// Tables for people, in lines.
std::string to_text(const Study& study);
/// All of it; docs/study.md describes the layout.
Json to_json(const Study& study);
/// The files that write_study() writes, in its order.
std::vector<std::filesystem::path> study_files(const Study& study,
                                               const std::filesystem::path& folder);
/// <name>.csv of each table and matrix (long: layer, row, column, value), and study.json; each is
/// complete or not there. @return the files
std::vector<std::filesystem::path> write_study(const Study& study,
                                               const std::filesystem::path& folder);

}  // namespace posse
