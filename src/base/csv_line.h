/// Splits and writes lines of small tables of comma-separated values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// The cells of one line: at least one, an empty one behind a comma at the end. A cell that begins
/// with a quote ends at the next single one; commas within are its own, and two quotes in it are
/// one. A carriage return at the line's end is no part of the last cell. Blanks stay.
///
/// Pose tables, whose quoted cells may go over several lines, have their reader in results.
std::vector<std::string> csv_cells(std::string_view line);

/// The text as a cell: in quotes where it holds a comma, a quote or a line end.
std::string csv_cell(std::string_view text);

}  // namespace posse
