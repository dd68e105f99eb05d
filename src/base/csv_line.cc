#include "base/csv_line.h"

namespace posse {
namespace {

/// Takes a cell off the line's beginning; what is left begins with its comma or is empty.
std::string take_cell(std::string_view& line) {
  std::string cell;
  bool in_quotes = line.starts_with('"');
  if (in_quotes) line.remove_prefix(1);
  for (; !line.empty(); line.remove_prefix(1)) {
    if (in_quotes && line.front() == '"') {
      in_quotes = line.starts_with("\"\"");
      if (!in_quotes) continue;
      line.remove_prefix(1);
    } else if (!in_quotes && line.front() == ',') {
      break;
    }
    cell += line.front();
  }
  return cell;
}

}  // namespace

std::vector<std::string> csv_cells(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string> cells = {take_cell(line)};
  while (!line.empty()) {
    line.remove_prefix(1);
    cells.push_back(take_cell(line));
  }
  return cells;
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

}  // namespace posse
