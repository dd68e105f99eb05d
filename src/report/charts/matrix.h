/// Draws a matrix as SVG: a cell per number, named rows and columns.
#pragma once

#include <string>
#include <vector>

namespace posse {

struct MatrixFigure {
  std::string id, title, description;
  std::vector<std::string> rows, columns;  ///< names
  std::vector<double> values;              ///< [rows, columns]; NaN is drawn grey
};

/// SVG with a square per cell whose title says row, column and number. Blue to vermilion about 0
/// where there are values of both signs, else light to dark from 0 (or the least) to the largest.
/// Beyond 60 rows or columns their names are left out; beyond 4,000 cells they are one picture.
/// @throws Error(shape_mismatch) where values do not fit the names
std::string to_svg(const MatrixFigure& matrix);

}  // namespace posse
