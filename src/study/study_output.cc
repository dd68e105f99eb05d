#include "study/study_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Rows of a longer table are cut to this many for people.
constexpr size_t kMostLines = 60, kFewLines = 20;

/// As many digits as tell the number.
std::string exact(const StudyCell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* count = std::get_if<int64_t>(&cell)) return fmt::format("{}", *count);
  const double value = std::get<double>(cell);
  return std::isnan(value) ? "" : fmt::format("{}", value);
}

std::string rounded(const StudyCell& cell) {
  const auto* value = std::get_if<double>(&cell);
  if (value == nullptr) return exact(cell);
  return std::isnan(*value) ? "-" : fmt::format("{:.4g}", *value);
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

Json json_of(const StudyCell& cell) {
  return std::visit([](const auto& value) { return Json(value); }, cell);
}

Json json_of(const StudyMatrix& matrix) {
  Json json = Json::object({{"unit", matrix.unit},
                            {"layers", Json(matrix.layers)},
                            {"rows", Json(matrix.rows)},
                            {"columns", Json(matrix.columns)},
                            {"order", Json(matrix.order)},
                            {"values", Json::array()}});
  const double* value = matrix.values.data();
  for (size_t layer = 0; layer < matrix.layers.size(); ++layer) {
    Json rows = Json::array();
    for (size_t row = 0; row < matrix.rows.size(); ++row) {
      rows.push_back(Json(std::vector<double>(value, value + matrix.columns.size())));
      value += matrix.columns.size();
    }
    json["values"].push_back(std::move(rows));
  }
  return json;
}

std::string csv_of(const StudyTable& table) {
  std::string text;
  for (size_t c = 0; c < table.columns.size(); ++c)
    text += (c > 0 ? "," : "") + quoted(table.columns[c]);
  text += "\n";
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) text += (c > 0 ? "," : "") + quoted(exact(row[c]));
    text += "\n";
  }
  return text;
}

std::string csv_of(const StudyMatrix& matrix) {
  std::string text = "layer,row,column,value\n";
  size_t at = 0;
  for (const std::string& layer : matrix.layers) {
    for (const std::string& row : matrix.rows) {
      for (const std::string& column : matrix.columns) {
        text += fmt::format("{},{},{},{}\n", quoted(layer), quoted(row), quoted(column),
                            exact(matrix.values[at++]));
      }
    }
  }
  return text;
}

}  // namespace

std::string to_text(const Study& study) {
  std::string text;
  for (const StudyTable& table : study.tables) {
    text += table.title + "\n";
    std::vector<size_t> widths;
    for (size_t c = 0; c < table.columns.size(); ++c) {
      widths.push_back(table.columns[c].size());
      for (const auto& row : table.rows) widths[c] = std::max(widths[c], rounded(row[c]).size());
    }
    for (size_t c = 0; c < widths.size(); ++c)
      text +=
          fmt::format("{:>{}}{}", table.columns[c], widths[c], c + 1 < widths.size() ? "  " : "\n");
    const size_t shown = table.rows.size() > kMostLines ? kFewLines : table.rows.size();
    for (size_t r = 0; r < shown; ++r) {
      const auto& row = table.rows[r];
      for (size_t c = 0; c < widths.size(); ++c)
        text += fmt::format("{:>{}}{}", rounded(row[c]), widths[c],
                            c + 1 < widths.size() ? "  " : "\n");
    }
    if (shown < table.rows.size())
      text +=
          fmt::format("... {} more: --out DIR and --json hold all\n", table.rows.size() - shown);
    text += "\n";
  }
  while (text.ends_with("\n")) text.pop_back();
  return text;
}

Json to_json(const Study& study) {
  Json json = Json::object({{"format", "posse study"},
                            {"version", 1},
                            {"legacy", study.legacy},
                            {"bodyparts", Json(study.bodyparts)},
                            {"members", Json(study.members)},
                            {"frames", Json::array()},
                            {"tables", Json::object()},
                            {"matrices", Json::object()},
                            {"notes", Json(study.notes)},
                            {"warnings", Json(study.warnings)}});
  for (size_t t = 0; t < study.frames.size(); ++t) {
    json["frames"].push_back(
        Json::object({{"name", study.frames[t]}, {"test", study.is_test[t] != 0}}));
  }
  for (const StudyTable& table : study.tables) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
      Json entry = Json::object();
      for (size_t c = 0; c < row.size(); ++c) entry[table.columns[c]] = json_of(row[c]);
      rows.push_back(std::move(entry));
    }
    json["tables"][table.name] = std::move(rows);
  }
  for (const StudyMatrix& matrix : study.matrices) json["matrices"][matrix.name] = json_of(matrix);
  return json;
}

std::vector<fs::path> study_files(const Study& study, const fs::path& folder) {
  std::vector<fs::path> files;
  for (const StudyTable& table : study.tables) files.push_back(folder / (table.name + ".csv"));
  for (const StudyMatrix& matrix : study.matrices)
    files.push_back(folder / (matrix.name + "_matrix.csv"));
  files.push_back(folder / "study.json");
  return files;
}

std::vector<fs::path> write_study(const Study& study, const fs::path& folder) {
  std::vector<fs::path> files = study_files(study, folder);
  size_t next = 0;
  for (const StudyTable& table : study.tables) write_file(files[next++], csv_of(table));
  for (const StudyMatrix& matrix : study.matrices) write_file(files[next++], csv_of(matrix));
  write_file(files[next], to_json(study).dump(1) + "\n");
  return files;
}

}  // namespace posse
