#include "report/charts/envelope.h"

#include <algorithm>
#include <cmath>

namespace posse {

ColumnGrid ColumnGrid::of(size_t num_rows, size_t most_columns) {
  return {num_rows, std::min(num_rows, most_columns)};
}

Envelope::Envelope(ColumnGrid grid)
    : grid_(grid), least_(grid.num_columns, std::nan("")), most_(grid.num_columns, std::nan("")) {}

void Envelope::add(size_t row, double value) { add(row, value, value); }

void Envelope::add(size_t row, double low, double high) {
  const size_t column = grid_.column_of(row);
  least_[column] = std::fmin(least_[column], low);  // fmin passes over NaN
  most_[column] = std::fmax(most_[column], high);
}

double Envelope::lowest() const {
  double lowest = std::nan("");
  for (const double value : least_) lowest = std::fmin(lowest, value);
  return lowest;
}

double Envelope::highest() const {
  double highest = std::nan("");
  for (const double value : most_) highest = std::fmax(highest, value);
  return highest;
}

}  // namespace posse
