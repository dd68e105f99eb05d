/// A table as it lies in the file: columns under a multi-level header, rows under a number or a
/// path.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace posse {

/// The header of a table: one text per column and level.
struct TableHeader {
  std::vector<std::string> level_names;           ///< [levels], as "scorer", "bodyparts", "coords"
  std::vector<std::vector<std::string>> columns;  ///< [columns][levels]

  size_t num_columns() const { return columns.size(); }
  bool operator==(const TableHeader&) const = default;
};

/// Everything a csv or pandas HDF5 file says, before anybody asks what it means.
///
/// Rows are numbered (frame_index) or labelled (row_labels), never both.
struct RawTable {
  TableHeader header;
  /// [rows], as in the file, in any order.
  std::vector<int64_t> frame_index;
  /// [rows], image paths with '/' between folders.
  std::vector<std::string> row_labels;
  /// [rows, columns], row-major; NaN where a cell is empty.
  std::vector<double> values;
  /// The layout, as "csv, 3 header rows" or "HDF5, pandas table".
  std::string layout;
  /// What was odd about the file, a sentence each.
  std::vector<std::string> notes;
  /// Individuals that may be another animal from row to row: nothing tracked them.
  std::vector<std::string> untracked;
  /// A guess while the rows are still being read.
  size_t expected_rows = 0;

  size_t num_rows() const { return row_labels.empty() ? frame_index.size() : row_labels.size(); }
  void clear_rows() {
    frame_index.clear();
    row_labels.clear();
    values.clear();
  }
};

/// Called by a reader whenever a block of rows is there, and once at the end: takes them and clears
/// them, so that a table is never in memory twice. Without it all rows are returned.
using TakeRows = std::function<void(RawTable& table)>;

}  // namespace posse
