#include "results/table/table_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"
#include "results/table/table_meaning.h"

namespace posse {
namespace {

/// Columns of one bodypart, by coord.
struct Part {
  std::string name;
  std::map<std::string, size_t> column_of;
};

size_t level_index(const std::vector<std::string>& names, std::string_view name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

std::vector<Part> collect_parts(const RawTable& raw, TableSummary& summary) {
  const auto& names = raw.header.level_names;
  const size_t none = names.size();
  const size_t scorer = level_index(names, "scorer");
  const size_t individual = level_index(names, "individuals");
  const size_t bodypart = level_index(names, "bodyparts");
  const size_t coord = level_index(names, "coords");
  std::vector<Part> parts;
  std::map<std::string, size_t> place;
  for (size_t j = 0; j < raw.header.columns.size(); ++j) {
    const auto& column = raw.header.columns[j];
    if (scorer != none) {
      add_once(summary.scorers, without_counter(column[scorer], raw.header.columns[0][scorer]));
    }
    if (individual != none) add_once(summary.individuals, column[individual]);
    if (bodypart == none || coord == none) continue;
    add_once(summary.coords, column[coord]);
    const std::string name =
        individual == none ? column[bodypart] : column[individual] + " " + column[bodypart];
    const auto [entry, is_new] = place.emplace(name, parts.size());
    if (is_new) parts.push_back({.name = name, .column_of = {}});
    parts[entry->second].column_of.emplace(column[coord], j);
  }
  return parts;
}

BodypartSummary summarize_part(const RawTable& raw, const Part& part) {
  BodypartSummary summary{.name = part.name};
  const size_t width = raw.header.num_columns();
  const auto likelihood = part.column_of.find("likelihood");
  const auto x = part.column_of.find("x");
  const auto y = part.column_of.find("y");
  std::vector<double> likelihoods;
  for (size_t row = 0; row < raw.num_rows(); ++row) {
    const double* const values = raw.values.data() + row * width;
    const bool is_there = x != part.column_of.end() && y != part.column_of.end() &&
                          !std::isnan(values[x->second]) && !std::isnan(values[y->second]);
    if (!is_there) ++summary.num_missing;
    if (!is_there || likelihood == part.column_of.end()) continue;
    const double value = values[likelihood->second];
    if (std::isnan(value)) continue;
    likelihoods.push_back(value);
    ++summary.likelihood_histogram[static_cast<size_t>(std::clamp(value * 10, 0.0, 9.0))];
  }
  summary.median_likelihood = std::numeric_limits<double>::quiet_NaN();
  if (!likelihoods.empty()) {
    const auto middle = likelihoods.begin() + static_cast<ptrdiff_t>(likelihoods.size() / 2);
    std::nth_element(likelihoods.begin(), middle, likelihoods.end());
    summary.median_likelihood = *middle;
  }
  return summary;
}

}  // namespace

TableSummary summarize_table(const std::filesystem::path& path) {
  const RawTable raw = read_raw_table(path);
  TableSummary summary;
  summary.layout = raw.layout;
  summary.level_names = raw.header.level_names;
  summary.warnings = raw.notes;
  summary.rows_are_images = !raw.row_labels.empty();
  summary.num_rows = static_cast<int64_t>(raw.num_rows());
  if (summary.rows_are_images) {
    summary.first_row = raw.row_labels.front();
    summary.last_row = raw.row_labels.back();
  } else if (summary.num_rows > 0) {
    summary.first_row = std::to_string(raw.frame_index.front());
    summary.last_row = std::to_string(raw.frame_index.back());
  }
  for (const Part& part : collect_parts(raw, summary)) {
    if (part.column_of.contains("x")) summary.bodyparts.push_back(summarize_part(raw, part));
  }
  if (summary.bodyparts.empty()) {
    summary.warnings.push_back(
        fmt::format("is no pose table: no bodypart has x and y; {} columns under the levels {}",
                    raw.header.num_columns(), list_names(raw.header.level_names)));
  }
  return summary;
}

std::string summary_text(const TableSummary& summary) {
  std::string text = fmt::format("table      {}\n", summary.layout);
  if (!summary.scorers.empty()) {
    text += fmt::format("scorer     {}\n", list_names(summary.scorers));
  }
  if (!summary.individuals.empty()) {
    text += fmt::format("animals    {}\n", list_names(summary.individuals));
  }
  if (!summary.coords.empty()) text += fmt::format("coords     {}\n", list_names(summary.coords));
  text += fmt::format("rows       {} {}", summary.num_rows,
                      summary.rows_are_images ? "images" : "frames");
  if (summary.num_rows > 0) text += fmt::format(", {} to {}", summary.first_row, summary.last_row);
  if (!summary.bodyparts.empty()) {
    text += "\n           missing   median likelihood   points by likelihood, 0 to 1 in tenths";
  }
  for (const BodypartSummary& part : summary.bodyparts) {
    const double share = summary.num_rows == 0 ? 0
                                               : 100.0 * static_cast<double>(part.num_missing) /
                                                     static_cast<double>(summary.num_rows);
    text += fmt::format(
        "\n  {:<20} {:5.1f} %  {:>8}  ", printable(part.name), share,
        std::isnan(part.median_likelihood) ? "-" : fmt::format("{:.4f}", part.median_likelihood));
    for (const int64_t count : part.likelihood_histogram) text += fmt::format(" {}", count);
  }
  for (const std::string& warning : summary.warnings) text += "\nwarning    " + warning;
  return text;
}

}  // namespace posse
