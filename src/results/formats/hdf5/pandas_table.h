/// Puts a table together from either of pandas' layouts in HDF5, and finds where its columns stand.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "results/formats/hdf5/hdf5_file.h"
#include "results/formats/pickle/pickle_text.h"
#include "results/table/raw_table.h"

namespace posse::pandas {

/// The texts of a column's header levels.
using Column = std::vector<std::string>;

/// Rows are numbered or labelled by text. @throws Error(unsupported) naming another kind, as
/// "timedelta64"
void check_row_kind(const hdf5::Reader& reader, const std::string& kind);

/// What to do with a table whose columns are not all named by the levels of a pose table.
extern const char* const kKeepPoseColumns;

/// A header text that may be stored as a number; empty for None and containers.
std::string index_text(const PickleValue& value);

class TableBuilder {
 public:
  explicit TableBuilder(const hdf5::Reader& reader) : reader_(reader) {}

  RawTable table;

  /// @throws Error(bad_file) for columns of different levels, or one that stands twice
  void set_columns(std::vector<Column> columns);
  /// Where the columns of a block stand in the table. @throws Error(bad_file) for one without place
  std::vector<size_t> places(const std::vector<Column>& columns) const;
  /// What is allocated stays in proportion to the blocks, which were held against the file's size.
  void check_size(size_t num_rows, size_t most_values) const;
  /// Room for `rows` more rows of missing values; where they begin.
  double* add_rows(size_t rows);
  void add_label(std::string label);
  void add_frame_numbers(std::span<const double> numbers);
  /// For columns that hold no numbers: says that they are left empty.
  /// @param holds  as "text (dtype object)"
  /// @throws Error(bad_file) if x, y or likelihood is among them: they would be lost without need
  void leave_out(const std::vector<Column>& columns, const std::string& holds);

 private:
  const hdf5::Reader& reader_;
  std::map<Column, size_t> place_of_;
};

}  // namespace posse::pandas
