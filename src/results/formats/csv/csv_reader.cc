#include "results/formats/csv/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "results/formats/csv/number_text.h"

namespace posse {
namespace {

/// No csv line holds more cells; a header that does is not a table.
constexpr size_t kMostColumns = 1'000'000;
constexpr size_t kRowsAtOnce = 1024;
constexpr int64_t kNoFrame = std::numeric_limits<int64_t>::min();

/// A place in the text, with the number of its line for messages.
struct Cursor {
  const char* at;
  const char* end;
  size_t line = 1;  ///< counted from 1

  bool done() const { return at == end; }
};

class CsvReader {
 public:
  explicit CsvReader(const std::filesystem::path& path)
      : file_(path),
        text_{reinterpret_cast<const char*>(file_.bytes().data()),
              reinterpret_cast<const char*>(file_.bytes().data()) + file_.bytes().size()} {}

  RawTable read(const TakeRows& take_rows) {
    end_lines_as_unix();
    if (std::string_view(text_.at, static_cast<size_t>(text_.end - text_.at))
            .starts_with("\xEF\xBB\xBF")) {
      text_.at += 3;
      table_.notes.emplace_back(
          "starts with a byte-order mark, which pandas-based tools trip over");
    }
    read_header();
    guess_rows();
    if (!take_rows)
      reserve_large(table_.values, table_.expected_rows * table_.header.num_columns());
    while (!text_.done()) {
      if (skip_blank_line()) continue;
      read_row();
      if (take_rows && table_.num_rows() == kRowsAtOnce) take_rows(table_);
    }
    if (!has_rows_) table_.notes.emplace_back("has a header but no rows");
    if (num_short_rows_ > 0) {
      table_.notes.push_back(
          fmt::format("{} rows have fewer cells than the header, the first in line {}; what they "
                      "lack is missing",
                      num_short_rows_, first_short_row_));
    }
    if (take_rows) take_rows(table_);
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(size_t line, const std::string& what, ErrorNotes notes = {}) const {
    throw Error(ErrorKind::bad_file, fmt::format("{}:{}: {}", file_.path().string(), line, what),
                std::move(notes));
  }

  /// Old Macintosh programs end lines in a carriage return alone.
  void end_lines_as_unix() {
    if (std::find(text_.at, text_.end, '\n') != text_.end ||
        std::find(text_.at, text_.end, '\r') == text_.end) {
      return;
    }
    converted_.assign(text_.at, text_.end);
    std::replace(converted_.begin(), converted_.end(), '\r', '\n');
    text_ = {.at = converted_.data(), .end = converted_.data() + converted_.size()};
    table_.notes.emplace_back("its lines end in carriage returns alone");
  }

  bool skip_blank_line() {
    const char* at = text_.at;
    while (at != text_.end && *at == '\r') ++at;
    if (at != text_.end && *at != '\n') return false;
    text_.at = at == text_.end ? at : at + 1;
    ++text_.line;
    return true;
  }

  /// Takes the cell at the cursor off, quotes removed; the cursor stops at ',' or the line's end.
  std::string take_cell() {
    std::string cell;
    bool in_quotes = text_.at != text_.end && *text_.at == '"';
    const size_t first_line = text_.line;
    if (in_quotes) ++text_.at;
    for (; text_.at != text_.end; ++text_.at) {
      const char c = *text_.at;
      if (in_quotes && c == '"') {
        const bool is_doubled = text_.end - text_.at > 1 && text_.at[1] == '"';
        if (!is_doubled) {
          in_quotes = false;
          continue;
        }
        ++text_.at;
      } else if (!in_quotes && (c == ',' || c == '\n' || c == '\r')) {
        break;
      }
      if (c == '\n') ++text_.line;
      cell += *text_.at;
    }
    if (in_quotes) fail(first_line, "a quoted cell is never closed");
    return cell;
  }

  /// Steps over the line's end. False if something else is there.
  bool take_line_end() {
    if (text_.at != text_.end && *text_.at == '\r') ++text_.at;
    if (text_.done()) return true;
    if (*text_.at != '\n') return false;
    ++text_.at;
    ++text_.line;
    return true;
  }

  std::vector<std::string> take_line() {
    std::vector<std::string> cells;
    while (true) {
      cells.push_back(take_cell());
      if (cells.size() > kMostColumns) fail(text_.line, "has more cells than a table can have");
      if (text_.at != text_.end && *text_.at == ',') {
        ++text_.at;
        continue;
      }
      if (!take_line_end()) fail(text_.line, "a lone carriage return stands within the line");
      return cells;
    }
  }

  /// Header cells as they are meant: blanks around them are no part of a name.
  std::vector<std::string> take_header_line() {
    std::vector<std::string> cells = take_line();
    for (std::string& cell : cells) {
      const size_t first = cell.find_first_not_of(' ');
      const size_t last = cell.find_last_not_of(' ');
      const std::string bare =
          first == std::string::npos ? "" : cell.substr(first, last - first + 1);
      has_padded_names_ = has_padded_names_ || bare != cell;
      cell = bare;
    }
    if (const std::string level = ascii_lower(cells[0]); is_level(level) && level != cells[0]) {
      has_odd_levels_ = true;
      cells[0] = level;
    }
    return cells;
  }

  static bool is_level(std::string_view name) {
    return name == "scorer" || name == "individuals" || name == "bodyparts" || name == "coords";
  }

  static bool holds_coords(const std::vector<std::string>& cells) {
    const auto holds = [&](const char* coord) {
      return std::find(cells.begin(), cells.end(), coord) != cells.end();
    };
    return holds("x") && holds("y");
  }

  void read_header() {
    std::vector<std::vector<std::string>> rows;
    while (!text_.done() && rows.size() < 5) {
      const Cursor before = text_;
      rows.push_back(take_header_line());
      if (before.line == 1) refuse_other_kinds(rows.front());
      if (has_all_levels(rows) && !level_follows()) break;
      if (rows.back()[0].empty() && holds_coords(rows.back())) break;
      refuse_odd_header(rows);
      if (rows.size() > 1 && parse_whole_number(rows.back()[0])) {
        fail(before.line,
             fmt::format("a row of numbers stands where header row {} is expected", rows.size()),
             header_notes(rows));
      }
    }
    name_levels(rows);
    order_levels(rows);
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row[0]);
    const bool has_levels = names.size() >= 2 && names[names.size() - 2] == "bodyparts" &&
                            names.back() == "coords" &&
                            std::is_sorted(names.begin(), names.end(),
                                           [](const std::string& one, const std::string& other) {
                                             return place_of_level(one) < place_of_level(other);
                                           }) &&
                            std::all_of(names.begin(), names.end(),
                                        [](const std::string& name) { return is_level(name); });
    if (!has_levels) {
      fail(1, "has no header rows 'scorer', 'bodyparts', 'coords' of a pose table",
           header_notes(rows));
    }
    take_columns(rows);
    table_.layout = fmt::format("csv, {} header rows", rows.size());
    note_header(rows.front()[0] == "scorer");
    skip_index_names();
  }

  /// Bodyparts and coords have been read, whatever their order.
  static bool has_all_levels(const std::vector<std::vector<std::string>>& rows) {
    const auto has = [&](const char* name) {
      return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row[0] == name; });
    };
    return has("bodyparts") && has("coords");
  }

  /// Looks at the next line, which is read again.
  bool level_follows() {
    if (text_.done()) return false;
    const Cursor before = text_;
    const bool had_padded_names = has_padded_names_, had_odd_levels = has_odd_levels_;
    const bool follows = is_level(take_header_line()[0]);
    text_ = before;
    has_padded_names_ = had_padded_names;
    has_odd_levels_ = had_odd_levels;
    return follows;
  }

  static size_t place_of_level(std::string_view name) {
    constexpr std::array<std::string_view, 4> kLevels = {"scorer", "individuals", "bodyparts",
                                                         "coords"};
    return static_cast<size_t>(std::find(kLevels.begin(), kLevels.end(), name) - kLevels.begin());
  }

  /// Levels in another order, or a first one without its name, are taken for what they are.
  void order_levels(std::vector<std::vector<std::string>>& rows) {
    if (!has_all_levels(rows)) return;
    const auto is_scorer = [](const auto& row) { return row[0] == "scorer"; };
    if (rows[0][0].empty() && std::none_of(rows.begin(), rows.end(), is_scorer)) {
      rows[0][0] = "scorer";
      table_.notes.emplace_back("its first header row has no name; taken for 'scorer'");
    }
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row[0]);
    const auto comes_before = [](const auto& one, const auto& other) {
      return place_of_level(one[0]) < place_of_level(other[0]);
    };
    if (std::is_sorted(rows.begin(), rows.end(), comes_before)) return;
    std::stable_sort(rows.begin(), rows.end(), comes_before);
    table_.notes.push_back(fmt::format("its header rows are {}; taken in the order of a pose table",
                                       list_names(names)));
  }

  /// Levels without names are those of a pose table, by their number.
  void name_levels(std::vector<std::vector<std::string>>& rows) {
    const bool is_unnamed =
        std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row[0].empty(); });
    if (!is_unnamed || rows.size() < 2 || rows.size() > 4 || !holds_coords(rows.back())) return;
    static const std::array<std::vector<std::string>, 3> kNames = {
        std::vector<std::string>{"bodyparts", "coords"},
        {"scorer", "bodyparts", "coords"},
        {"scorer", "individuals", "bodyparts", "coords"}};
    const auto& names = kNames[rows.size() - 2];
    for (size_t i = 0; i < rows.size(); ++i) rows[i][0] = names[i];
    table_.notes.push_back("its header rows have no names; taken as " + list_names(names));
  }

  void note_header(bool has_scorer) {
    if (has_padded_names_)
      table_.notes.emplace_back("names in its header have blanks around them; left out");
    if (has_odd_levels_)
      table_.notes.emplace_back(
          "its header rows are named in other letters than scorer, bodyparts, coords");
    if (!has_scorer) table_.notes.emplace_back("has no header row 'scorer'");
  }

  /// Header rows of other programs' tables, known by the second or third of them.
  void refuse_odd_header(const std::vector<std::vector<std::string>>& rows) const {
    const auto& last = rows.back();
    const auto holds = [&](const char* name) {
      return std::find(last.begin(), last.end(), name) != last.end();
    };
    if (holds("length") && holds("orientation")) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: holds lengths and angles of a skeleton (DeepLabCut's "
                              "analyzeskeleton), not poses",
                              file_.path().string()),
                  {.hint = "posse reads the table it was made from, without _skeleton"});
    }
    if (last[0] == "x" && holds_coords(last)) {
      fail(rows.size(), "has no column of row labels: header rows begin with 'x' and the like",
           {.have = header_notes(rows).have,
            .hint = "write it with its index, in Python: df.to_csv(file)"});
    }
  }

  static ErrorNotes header_notes(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::string> firsts;
    for (const auto& row : rows) firsts.push_back(printable(row[0].substr(0, 40)));
    return {.have = "first cells: " + list_names(firsts),
            .hint = "pose tables start with the rows scorer, (individuals,) bodyparts, coords"};
  }

  void refuse_other_kinds(const std::vector<std::string>& first) const {
    const auto holds = [&](std::string_view name) {
      return std::find(first.begin(), first.end(), name) != first.end();
    };
    if (holds("fnum") && holds("M_00")) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: is a 3-D table by Anipose", file_.path().string()),
                  {.hint = "posse reads the 2-D tables it was made from"});
    }
    if (first.size() == 1 && std::count(first[0].begin(), first[0].end(), ';') > 1) {
      fail(1, "cells are separated by ';', expected ','",
           {.hint = "export the table again with commas"});
    }
    if (first.size() == 1 && std::count(first[0].begin(), first[0].end(), '\t') > 1) {
      fail(1, "cells are separated by tabs, expected ','",
           {.hint = "export the table again with commas, or: tr '\\t' , < FILE > NEW"});
    }
    refuse_flat(first);
  }

  /// Tables with one header row, told by how its names end.
  void refuse_flat(const std::vector<std::string>& first) const {
    const auto refuse = [&](const char* what, const char* hint) {
      throw Error(ErrorKind::unsupported, fmt::format("{}: is {}", file_.path().string(), what),
                  {.hint = hint});
    };
    const auto ends = [&](std::string_view ending) {
      return std::count_if(first.begin(), first.end(),
                           [&](const std::string& name) { return name.ends_with(ending); });
    };
    if (ends(".x") > 0 && ends(".y") == ends(".x") &&
        std::find(first.begin(), first.end(), "frame_idx") != first.end()) {
      refuse("a csv that SLEAP exported", "posse reads SLEAP's .slp, and its analysis .h5");
    }
    const auto xs = ends("_x");
    if (xs == 0 || ends("_y") != xs) return;
    if (ends("_z") == xs) {
      refuse("a table of points in space (points_3d.csv or of another 3-D program)",
             "posse reads the 2-D tables it was made from");
    }
    if (ends("_p") == xs) {
      refuse("a csv of SimBA: one header row with names such as nose_x, nose_y, nose_p",
             "posse reads the DeepLabCut or SLEAP tables that it was imported from");
    }
    refuse("a table with one header row of names such as nose_x, nose_y",
           "pose tables have the header rows scorer, bodyparts, coords");
  }

  void take_columns(const std::vector<std::vector<std::string>>& rows) {
    const size_t width = rows.front().size();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].size() == width) continue;
      fail(i + 1, fmt::format("has {} cells, the line above has {}", rows[i].size(), width));
    }
    while (index_columns_ < width && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
             return row[index_columns_].empty();
           })) {
      ++index_columns_;
    }
    if (index_columns_ >= width) fail(1, "has no columns beside the row labels");
    for (const auto& row : rows) table_.header.level_names.push_back(row[0]);
    size_t last =
        width;  // columns without any name at the end are cut off, as spreadsheets add them
    while (last > index_columns_ + 1 && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
             return row[last - 1].empty();
           })) {
      --last;
    }
    nameless_columns_ = width - last;
    if (nameless_columns_ > 0) {
      table_.notes.push_back(
          fmt::format("its last {} columns have no names; left out", nameless_columns_));
    }
    for (size_t j = index_columns_; j < last; ++j) {
      std::vector<std::string> column;
      for (const auto& row : rows) column.push_back(row[j]);
      table_.header.columns.push_back(std::move(column));
    }
  }

  /// pandas writes a line with the names of the index, if it has any: text, then empty cells.
  void skip_index_names() {
    const Cursor before = text_;
    if (text_.done()) return;
    const std::vector<std::string> cells = take_line();
    const std::string& first = cells[0];
    const bool is_names =
        cells.size() == index_columns_ + table_.header.num_columns() && !first.empty() &&
        !parse_whole_number(first) && first.find_first_of("/\\.") == std::string::npos &&
        index_columns_ == 1 &&
        std::all_of(cells.begin() + 1, cells.end(), [](const auto& cell) { return cell.empty(); });
    if (!is_names) text_ = before;
  }

  void guess_rows() {
    const char* const line_end = std::find(text_.at, text_.end, '\n');
    const auto line = static_cast<size_t>(line_end - text_.at) + 1;
    const size_t rows = static_cast<size_t>(text_.end - text_.at) / line + 1;
    // A first row much shorter than the others must not make us ask for more than the file implies:
    // every cell takes at least its comma.
    const size_t most = static_cast<size_t>(text_.end - text_.at) / table_.header.num_columns() + 1;
    table_.expected_rows = std::min(rows + rows / 8, most);
  }

  void read_row() {
    const size_t line = text_.line;
    take_row_name();
    has_rows_ = true;
    const size_t num_columns = table_.header.num_columns();
    const size_t first = table_.values.size();
    table_.values.resize(first + num_columns);
    double* const values = table_.values.data() + first;
    const char* at = text_.at;
    const char* const end = text_.end;
    for (size_t j = 0; j < num_columns; ++j) {
      if (at == end || *at != ',') {
        if (at == end || !begins_bodypart(j)) fail_width(line, j + index_columns_);
        for (; j < num_columns; ++j) values[j] = std::numeric_limits<double>::quiet_NaN();
        note_short_row(line);
        break;
      }
      ++at;
      if (at == end || *at == ',' || *at == '\n') {
        values[j] = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const NumberAt number = read_number(at, end);
      if (number.end != nullptr &&
          (number.end == end || *number.end == ',' || *number.end == '\n' || *number.end == '\r')) {
        values[j] = number.value;
        at = number.end;
        continue;
      }
      text_.at = at;
      values[j] = odd_cell(line, j);
      at = text_.at;
    }
    text_.at = at;
    for (size_t j = 0; j < nameless_columns_ && !text_.done() && *text_.at == ','; ++j) {
      ++text_.at;
      take_cell();
    }
    if (!take_line_end()) {
      fail(line, fmt::format("has more cells than the header, which has {}",
                             index_columns_ + num_columns));
    }
  }

  /// Whether whole bodyparts lie before a column; not for the first.
  bool begins_bodypart(size_t column) const {
    const auto& columns = table_.header.columns;
    const size_t bodypart = table_.header.level_names.size() - 2;
    return column > 0 && columns[column][bodypart] != columns[column - 1][bodypart];
  }

  /// Spreadsheets leave out empty cells at a row's end. A row that ends with the file is cut off.
  void note_short_row(size_t line) {
    if (num_short_rows_++ == 0) first_short_row_ = line;
  }

  void fail_width(size_t line, size_t found) const {
    const size_t expected = index_columns_ + table_.header.num_columns();
    fail(line, fmt::format("has {} cells, the header has {}{}", found, expected,
                           text_.end[-1] != '\n' ? ": the file seems to be cut off" : ""));
  }

  /// A cell that is not simply a number: quoted, padded, a word for missing, or an error.
  double odd_cell(size_t line, size_t column) {
    const std::string cell = take_cell();
    if (const std::optional<double> value = parse_cell(cell)) return *value;
    if (table_.header.columns[column].back().empty()) return note_text_column(column);
    std::string name;
    for (size_t level = 1; level < table_.header.level_names.size(); ++level) {
      name += (name.empty() ? "" : " ") + table_.header.columns[column][level];
    }
    fail(line, fmt::format("column {} ({}): '{}' is not a number", column + index_columns_ + 1,
                           printable(name), printable(cell.substr(0, 60))));
  }

  /// Lightning Pose puts the split ("train") into a last column that has no coord.
  double note_text_column(size_t column) {
    const std::string note =
        fmt::format("column {} ({}) holds text and was left empty", column + index_columns_ + 1,
                    printable(table_.header.columns[column].front()));
    if (std::find(table_.notes.begin(), table_.notes.end(), note) == table_.notes.end()) {
      table_.notes.push_back(note);
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  void take_row_name() {
    if (index_columns_ == 1 && !labelled_) {
      int64_t frame = 0;
      const auto result = std::from_chars(text_.at, text_.end, frame);
      if (result.ec == std::errc() && result.ptr != text_.end && *result.ptr == ',') {
        table_.frame_index.push_back(frame);
        text_.at = result.ptr;
        return;
      }
    }
    const size_t line = text_.line;
    std::string name = take_cell();
    for (size_t i = 1; i < index_columns_; ++i) {
      if (text_.done() || *text_.at != ',') fail(line, "ends within the row's label");
      ++text_.at;
      name += '/' + take_cell();
    }
    const bool is_first = !has_rows_;
    const int64_t frame =
        index_columns_ == 1 ? parse_whole_number(name).value_or(kNoFrame) : kNoFrame;
    if (is_first) labelled_ = frame == kNoFrame;
    if (labelled_) {
      std::replace(name.begin(), name.end(), '\\', '/');
      table_.row_labels.push_back(std::move(name));
    } else if (frame != kNoFrame) {
      table_.frame_index.push_back(frame);
    } else if (is_level(ascii_lower(name))) {
      fail(line, "a second header begins here",
           {.hint = "two tables were joined: cut the file before this line"});
    } else {
      fail(line, fmt::format("column 1: '{}' is not a frame number", printable(name)));
    }
  }

  MappedFile file_;
  std::string converted_;  ///< the text where it could not be read as it is
  Cursor text_;
  RawTable table_;
  size_t index_columns_ = 1;
  size_t nameless_columns_ = 0;  ///< at the end of every row
  size_t num_short_rows_ = 0;
  size_t first_short_row_ = 0;
  bool labelled_ = false;
  bool has_rows_ = false;
  bool has_padded_names_ = false;
  bool has_odd_levels_ = false;
};

}  // namespace

RawTable read_csv_table(const std::filesystem::path& path, const TakeRows& take_rows) {
  return CsvReader(path).read(take_rows);
}

}  // namespace posse
