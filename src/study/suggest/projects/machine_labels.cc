#include "study/suggest/projects/machine_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/table/table_reader.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string label_of(const MachineLabels& labels, const MachineLabel& row) {
  return fmt::format("labeled-data/{}/{}", labels.folder, row.picture);
}

/// The number of a column; NaN for one that is none of a known bodypart.
double value_of(const MachineLabels& labels, const MachineLabel& row, const std::string& part,
                const std::string& coord) {
  const auto found = std::find(labels.bodyparts.begin(), labels.bodyparts.end(), part);
  if (found == labels.bodyparts.end()) return kNaN;
  const Keypoint& point = row.points[static_cast<size_t>(found - labels.bodyparts.begin())];
  if (coord == "x") return point.x;
  if (coord == "y") return point.y;
  return coord == "likelihood" ? point.likelihood : kNaN;
}

/// [columns] of a row under a header of the levels scorer, bodyparts, coords.
std::vector<double> values_under(const TableHeader& header, const MachineLabels& labels,
                                 const MachineLabel& row) {
  std::vector<double> values;
  for (const std::vector<std::string>& column : header.columns)
    values.push_back(value_of(labels, row, column[column.size() - 2], column.back()));
  return values;
}

void require_one_scorer(const TableHeader& header, const fs::path& file) {
  for (const std::vector<std::string>& column : header.columns) {
    if (column.size() == 3 && column[0] == header.columns[0][0]) continue;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is not by one scorer, with columns scorer, bodyparts, coords",
                            file.string()),
                {.hint = "move it away, or let DeepLabCut write it anew"});
  }
}

bool has_label(const RawTable& table, const std::string& label) {
  return std::find(table.row_labels.begin(), table.row_labels.end(), label) !=
         table.row_labels.end();
}

TableHeader new_header(const MachineLabels& labels) {
  const std::vector<std::string> coords = {"x", "y", "likelihood"};
  return make_table_header(labels.scorer, labels.bodyparts, coords);
}

void stage_h5(const fs::path& file, const MachineLabels& labels, StagedFiles& staged) {
  RawTable table;
  std::string seen;
  const bool is_there = path_exists(file);
  if (is_there) {
    seen = read_file(file);
    table = read_raw_table(file);
    require_one_scorer(table.header, file);
  } else {
    table.header = new_header(labels);
  }
  for (const MachineLabel& row : labels.rows) {
    if (has_label(table, label_of(labels, row))) continue;
    table.row_labels.push_back(label_of(labels, row));
    const std::vector<double> values = values_under(table.header, labels, row);
    table.values.insert(table.values.end(), values.begin(), values.end());
  }
  write_raw_table(is_there ? staged.replace(file, seen) : staged.add(file), table);
}

std::string header_line(const TableHeader& header, size_t level, const char* name,
                        const CsvRowStyle& style) {
  std::string line = std::string(name) + (style.three_columns ? ",," : "");
  for (const std::vector<std::string>& column : header.columns)
    line += "," + csv_cell(column[level]);
  return line + style.line_end;
}

std::string row_line(const MachineLabels& labels, const MachineLabel& row,
                     const std::vector<double>& values, const CsvRowStyle& style) {
  const char part = style.three_columns ? ',' : style.separator;
  std::string line =
      style.three_columns
          ? fmt::format("labeled-data,{},{}", csv_cell(labels.folder), row.picture)
          : csv_cell(fmt::format("labeled-data{}{}{}{}", part, labels.folder, part, row.picture));
  for (const double value : values) line += std::isnan(value) ? "," : fmt::format(",{}", value);
  return line + style.line_end;
}

/// A csv that is there gets lines at its end; its own stay byte for byte.
void stage_csv(const fs::path& file, const MachineLabels& labels, CsvRowStyle style,
               StagedFiles& staged) {
  std::string text;
  RawTable table;
  const bool is_there = path_exists(file);
  if (is_there) {
    text = read_file(file);
    table = read_raw_table(file);
    require_one_scorer(table.header, file);
    style = row_style_of(text);
  } else {
    table.header = new_header(labels);
    text = header_line(table.header, 0, "scorer", style) +
           header_line(table.header, 1, "bodyparts", style) +
           header_line(table.header, 2, "coords", style);
  }
  const std::string seen = is_there ? text : "";
  if (!text.empty() && text.back() != '\n') text += style.line_end;
  for (const MachineLabel& row : labels.rows) {
    if (has_label(table, label_of(labels, row))) continue;
    text += row_line(labels, row, values_under(table.header, labels, row), style);
  }
  write_file(is_there ? staged.replace(file, seen) : staged.add(file), text);
}

}  // namespace

CsvRowStyle row_style_of(const std::string& csv) {
  CsvRowStyle style;
  const size_t feed = csv.find('\n');
  if (feed == std::string::npos) return style;
  if (feed > 0 && csv[feed - 1] == '\r') style.line_end = "\r\n";
  const size_t row = csv.find("labeled-data");
  if (row == std::string::npos || row + 12 >= csv.size()) return style;
  const char behind = csv[row + 12];
  style.three_columns = behind == ',';
  if (!style.three_columns) style.separator = behind == '\\' ? '\\' : '/';
  return style;
}

void stage_machine_labels(const fs::path& data, int iteration, const MachineLabels& labels,
                          const CsvRowStyle& style, StagedFiles& staged) {
  const std::string name = fmt::format("machinelabels-iter{}", iteration);
  stage_h5(data / (name + ".h5"), labels, staged);
  stage_csv(data / (name + ".csv"), labels, style, staged);
  stage_csv(data / "machinelabels.csv", labels, style, staged);
}

}  // namespace posse
