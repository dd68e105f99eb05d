/// Reduces a long series to its least and largest value per column, which hides no peak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace posse {

/// How the rows of a table are shared out over columns: column c has the rows
/// [floor(c rows / columns), floor((c + 1) rows / columns)).
struct ColumnGrid {
  size_t num_rows = 0;
  size_t num_columns = 0;  ///< at most num_rows

  /// As many columns as rows, at most `most_columns`.
  static ColumnGrid of(size_t num_rows, size_t most_columns);
  size_t first_row(size_t column) const { return column * num_rows / num_columns; }
  size_t column_of(size_t row) const { return ((row + 1) * num_columns - 1) / num_rows; }
};

/// Least and most of the values of each column; NaN where it has none. Values are added in any
/// order and from several series (members).
class Envelope {
 public:
  Envelope() = default;
  explicit Envelope(ColumnGrid grid);

  /// A NaN is passed over.
  void add(size_t row, double value);
  /// The same from `low` to `high`.
  void add(size_t row, double low, double high);

  const ColumnGrid& grid() const { return grid_; }
  const std::vector<double>& least() const { return least_; }  ///< [columns]
  const std::vector<double>& most() const { return most_; }    ///< [columns]
  /// Of all columns together; NaN without values.
  double lowest() const;
  double highest() const;

 private:
  ColumnGrid grid_;
  std::vector<double> least_, most_;
};

}  // namespace posse
