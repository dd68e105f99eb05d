#include "report/study_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "report/charts/markup.h"
#include "report/charts/matrix.h"

namespace posse {
namespace {
using Read = nlohmann::ordered_json;

constexpr uint64_t kMostBytes = uint64_t{1} << 28;

std::string text_of(const Read& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number_float()) return shown_number(json.get<double>(), 3);
  return json.is_null() ? "\u2013" : json.dump();
}

/// Of a key that may be missing.
std::string text_of(const Read& object, const char* key) {
  return object.contains(key) ? text_of(object.at(key)) : "\u2013";
}

std::vector<std::string> texts_of(const Read& object, const char* key) {
  std::vector<std::string> texts;
  if (object.contains(key))
    for (const Read& one : object.at(key)) texts.push_back(text_of(one));
  return texts;
}

NamedPart suggestions_of(const Read& json) {
  if (text_of(json, "verb") != "suggest")
    throw Error(ErrorKind::bad_file, "its verb is '" + text_of(json, "verb") + "'");
  NamedPart part{.id = "suggestions", .title = "Frames to label next"};
  part.about = fmt::format("{} frames, strategy {}: {}", json.at("frames").size(),
                           text_of(json.at("strategy"), "taken"),
                           text_of(json.at("strategy"), "why"));
  ReportTable table{.caption = "Suggested frames",
                    .heads = {"video", "frame", "seconds", "why", "doubt (px)", "bodypart",
                              "inclusion probability"},
                    .rows = {}};
  for (const Read& frame : json.at("frames")) {
    table.rows.push_back({text_of(frame, "video"), text_of(frame, "frame"),
                          text_of(frame, "seconds"), text_of(frame, "why"),
                          text_of(frame, "doubt"), text_of(frame, "bodypart"),
                          text_of(frame, "inclusion_probability")});
  }
  part.tables.push_back(std::move(table));
  part.warnings = texts_of(json, "warnings");
  return part;
}

bool is_matrix(const Read& json) {
  return json.is_object() && json.contains("rows") && json.contains("columns") &&
         json.contains("values") && json.at("rows").is_array() && json.at("columns").is_array() &&
         json.at("values").is_array();
}

/// @throws Error(bad_file) where values do not fit the names
MatrixFigure matrix_of(const Read& json, const std::string& name, size_t number) {
  MatrixFigure matrix{.id = fmt::format("matrix-{}", number),
                      .title = json.contains("title") ? text_of(json, "title") : name,
                      .description = json.contains("description") ? text_of(json, "description") : "",
                      .rows = texts_of(json, "rows"),
                      .columns = texts_of(json, "columns")};
  for (const Read& row : json.at("values")) {
    for (const Read& value : row)
      matrix.values.push_back(value.is_boolean()  ? (value.get<bool>() ? 1.0 : 0.0)
                              : value.is_number() ? value.get<double>()
                                                  : std::nan(""));
  }
  return matrix;
}

/// Every matrix below an object, in the order of the file.
void add_matrices(const Read& json, const std::string& name, NamedPart& part) {
  if (is_matrix(json)) {
    part.drawings.push_back(to_svg(matrix_of(json, name, part.drawings.size() + 1)));
    return;
  }
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items()) add_matrices(value, key, part);
}

/// A table for every list of objects of plain values.
void add_tables(const Read& json, NamedPart& part) {
  for (const auto& [key, value] : json.items()) {
    if (!value.is_array() || value.empty() || !value.front().is_object()) continue;
    ReportTable table{.caption = key, .heads = {}, .rows = {}};
    for (const auto& [name, cell] : value.front().items())
      if (cell.is_primitive()) table.heads.push_back(name);
    constexpr size_t kMostRows = 200;
    for (size_t i = 0; i < std::min(value.size(), kMostRows); ++i) {
      std::vector<std::string> cells;
      for (const std::string& head : table.heads) cells.push_back(text_of(value[i], head.c_str()));
      table.rows.push_back(std::move(cells));
    }
    if (value.size() > kMostRows)
      table.caption += fmt::format(", the first {} of {} rows", kMostRows, value.size());
    if (!table.heads.empty()) part.tables.push_back(std::move(table));
  }
}

template <class Take>
NamedPart read_part(const std::filesystem::path& file, const char* what, const char* hint,
                    Take take) {
  const std::string bytes = read_file(file, kMostBytes);
  try {
    return take(Read::parse(bytes));
  } catch (const Read::exception& error) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: {}: {}", file.string(), what, error.what()),
                {.hint = hint});
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}: {}", file.string(), what, error.message()),
                {.hint = hint});
  }
}

}  // namespace

NamedPart read_suggestions(const std::filesystem::path& file) {
  return read_part(file, "holds no suggestions", "posse suggest writes posse-suggestions.json",
                   suggestions_of);
}

NamedPart read_study(const std::filesystem::path& file) {
  return read_part(file, "is no study", "posse study ... --json > FILE makes it",
                   [](const Read& json) {
                     if (!json.is_object()) throw Error(ErrorKind::bad_file, "it is no JSON object");
                     NamedPart part{.id = "study", .title = "Training frames and members"};
                     add_matrices(json, "matrix", part);
                     add_tables(json, part);
                     part.notes = texts_of(json, "notes");
                     part.warnings = texts_of(json, "warnings");
                     if (part.drawings.empty() && part.tables.empty())
                       throw Error(ErrorKind::bad_file, "it has neither a matrix nor a table");
                     return part;
                   });
}

}  // namespace posse
