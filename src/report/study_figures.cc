#include "report/study_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
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
  part.about =
      fmt::format("{} frames, strategy {}: {}", json.at("frames").size(),
                  text_of(json.at("strategy"), "taken"), text_of(json.at("strategy"), "why"));
  ReportTable table{.caption = "Suggested frames",
                    .heads = {"video", "frame", "seconds", "why", "doubt (px)", "bodypart",
                              "inclusion probability"},
                    .rows = {}};
  for (const Read& frame : json.at("frames")) {
    table.rows.push_back({text_of(frame, "video"), text_of(frame, "frame"),
                          text_of(frame, "seconds"), text_of(frame, "why"), text_of(frame, "doubt"),
                          text_of(frame, "bodypart"), text_of(frame, "inclusion_probability")});
  }
  part.tables.push_back(std::move(table));
  part.warnings = texts_of(json, "warnings");
  return part;
}

/// The rows as the study sorts them; as they stand where it does not.
/// @throws Error(bad_file) for an order that is none
std::vector<size_t> order_of(const Read& json, size_t num_rows) {
  std::vector<size_t> order(num_rows);
  std::iota(order.begin(), order.end(), size_t{0});
  if (!json.contains("order") || json.at("order").empty()) return order;
  auto given = json.at("order").get<std::vector<size_t>>();
  if (!std::is_permutation(given.begin(), given.end(), order.begin(), order.end())) {
    throw Error(
        ErrorKind::bad_file,
        fmt::format("the order of a matrix does not name each of its {} rows once", num_rows));
  }
  return given;
}

/// A layer of a study's matrix, its rows in the study's order.
MatrixFigure matrix_of(const Read& json, const std::string& name, size_t layer, size_t number) {
  const std::string part = text_of(json.at("layers").at(layer));
  std::string title = name;
  std::ranges::replace(title, '_', ' ');
  MatrixFigure matrix{.id = fmt::format("matrix-{}", number),
                      .title = part.empty() ? title : title + " of " + part,
                      .description = "Unit: " + text_of(json, "unit") + ".",
                      .rows = texts_of(json, "rows"),
                      .columns = texts_of(json, "columns"),
                      .values = {}};
  const Read& values = json.at("values").at(layer);
  const std::vector<size_t> order = order_of(json, matrix.rows.size());
  std::vector<std::string> rows;
  for (const size_t row : order) {
    rows.push_back(matrix.rows[row]);
    for (const Read& value : values.at(row))
      matrix.values.push_back(value.is_number() ? value.get<double>() : std::nan(""));
  }
  matrix.rows = std::move(rows);
  return matrix;
}

/// The matrices of a study, one drawing per layer.
/// @throws Error(shape_mismatch) where values do not fit the names
void add_matrices(const Read& matrices, NamedPart& part) {
  for (const auto& [name, json] : matrices.items()) {
    for (size_t layer = 0; layer < json.at("layers").size(); ++layer)
      part.drawings.push_back(to_svg(matrix_of(json, name, layer, part.drawings.size() + 1)));
  }
}

/// A list of objects of plain values as a table; the first 200 rows.
void add_tables(const Read& tables, NamedPart& part) {
  constexpr size_t kMostRows = 200;
  for (const auto& [name, rows] : tables.items()) {
    if (rows.empty()) continue;
    ReportTable table{.caption = name, .heads = {}, .rows = {}};
    for (const auto& [head, cell] : rows.front().items()) table.heads.push_back(head);
    for (size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
      std::vector<std::string> cells;
      for (const std::string& head : table.heads) cells.push_back(text_of(rows[i], head.c_str()));
      table.rows.push_back(std::move(cells));
    }
    if (rows.size() > kMostRows)
      table.caption += fmt::format(", the first {} of {} rows", kMostRows, rows.size());
    part.tables.push_back(std::move(table));
  }
}

template <class Take>
auto read_part(const std::filesystem::path& file, const char* what, const char* hint, Take take) {
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
  return read_part(file, "is no study", "posse study writes study.json", [](const Read& json) {
    if (text_of(json, "format") != "posse study")
      throw Error(ErrorKind::bad_file, "its format is not 'posse study'");
    NamedPart part{.id = "study", .title = "Training frames and members"};
    add_matrices(json.at("matrices"), part);
    add_tables(json.at("tables"), part);
    part.notes = texts_of(json, "notes");
    part.warnings = texts_of(json, "warnings");
    return part;
  });
}

std::string matrix_of_study(const std::filesystem::path& file, const std::string& name) {
  return read_part(
      file, "is no study with matrices", "posse study writes study.json", [&](const Read& json) {
        const Read& matrices = json.at("matrices");
        std::vector<std::string> names;
        for (const auto& [known, matrix] : matrices.items()) {
          if (name.empty() || known == name) return to_svg(matrix_of(matrix, known, 0, 1));
          names.push_back(known);
        }
        throw Error(ErrorKind::not_found, fmt::format("matrix '{}' is not there; there are: {}",
                                                      name, list_names(names)));
      });
}

}  // namespace posse
