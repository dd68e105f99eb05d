#include "results/table/table_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/count_text.h"
#include "base/text.h"
#include "results/table/header_levels.h"
#include "results/table/table_crop.h"
#include "results/table/table_meaning.h"

namespace posse {
namespace {

/// Columns of one bodypart, by coord.
struct Part {
  std::string name;
  std::map<std::string, size_t> column_of;
  bool is_repeated = false;  ///< a coord comes twice
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
    Part& part = parts[entry->second];
    const bool is_first = part.column_of.emplace(column[coord], j).second;
    const bool has_one_scorer = summary.scorers.size() <= 1;
    part.is_repeated = part.is_repeated || (!is_first && has_one_scorer);
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

constexpr std::string_view kRefused = "; posse's other verbs refuse this table";

/// What reading the table for a consensus would stop at or warn of.
void warn_of_rows(const RawTable& raw, TableSummary& summary) {
  size_t negative = 0, repeated = 0, falling = 0;
  int64_t first_falling = 0;
  for (size_t i = 0; i < raw.frame_index.size(); ++i) {
    negative += raw.frame_index[i] < 0 ? 1 : 0;
    if (i == 0 || raw.frame_index[i] > raw.frame_index[i - 1]) continue;
    if (raw.frame_index[i] == raw.frame_index[i - 1]) {
      ++repeated;
    } else if (falling++ == 0) {
      first_falling = static_cast<int64_t>(i) + 1;
    }
  }
  if (negative > 0) {
    summary.warnings.push_back(
        fmt::format("{} rows have negative frame numbers{}", negative, kRefused));
  }
  if (repeated > 0) {
    summary.warnings.push_back(
        fmt::format("{} rows repeat the frame number of the row before{}", repeated, kRefused));
  }
  if (falling > 0) {
    summary.warnings.push_back(
        fmt::format("frame numbers do not rise in {} places, first in row {} (frame {} after {}): "
                    "tables joined, or not sorted{}",
                    falling, first_falling, raw.frame_index[static_cast<size_t>(first_falling - 1)],
                    raw.frame_index[static_cast<size_t>(first_falling - 2)], kRefused));
  }
  const auto num_frames =
      raw.frame_index.empty() ? 0 : raw.frame_index.back() - raw.frame_index.front() + 1;
  if (falling == 0 && repeated == 0 && num_frames > summary.num_rows) {
    summary.warnings.push_back(fmt::format("{} frames between its first and last have no row",
                                           num_frames - summary.num_rows));
  }
}

void warn_of_coords(const RawTable& raw, const std::vector<Part>& parts, TableSummary& summary) {
  std::vector<std::string> repeated;
  for (const Part& part : parts) {
    if (part.is_repeated) repeated.push_back(part.name);
  }
  if (!repeated.empty()) {
    summary.warnings.push_back("has columns twice of " + list_names(repeated) +
                               ": bodyparts of one name" + std::string(kRefused));
  }
  if (std::string warning = warning_of_likelihood(summary.coords); !warning.empty())
    summary.warnings.push_back(std::move(warning));
  const auto& names = raw.header.level_names;
  const bool has_lengths = std::find(summary.coords.begin(), summary.coords.end(), "orientation") !=
                           summary.coords.end();
  const bool is_skeleton = has_lengths || (names.size() == 2 && !raw.header.columns.empty() &&
                                           raw.header.columns.front().back() == "length");
  if (is_skeleton) {
    summary.warnings.emplace_back(
        "holds lengths and angles of a skeleton (DeepLabCut's analyzeskeleton); the poses are in "
        "the table without _skeleton");
  }
}

std::vector<std::string> quoted(const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const std::string& name : names) texts.push_back("'" + printable(name) + "'");
  return texts;
}

std::string example_of(const RawTable& raw) {
  if (raw.header.columns.empty()) return "";
  return fmt::format(", the first called {}", list_names(quoted(raw.header.columns.front())));
}

}  // namespace

TableSummary summarize_table(const std::filesystem::path& path) {
  RawTable raw = read_raw_table(path);
  if (name_levels(raw.header)) {
    raw.notes.push_back("its header levels have no names; taken as " +
                        list_names(raw.header.level_names));
  }
  TableSummary summary;
  summary.layout = raw.layout;
  summary.level_names = raw.header.level_names;
  summary.warnings = raw.notes;
  for (std::string& oddity : oddities_of_levels(raw.header))
    summary.warnings.push_back(std::move(oddity));
  if (const auto crop = crop_beside(path, summary.warnings)) {
    summary.warnings.push_back(crop->sentence() +
                               "; consensus, smooth, render and convert add the corner");
  }
  summary.rows_are_images = !raw.row_labels.empty();
  summary.num_rows = static_cast<int64_t>(raw.num_rows());
  if (summary.rows_are_images) {
    summary.first_row = raw.row_labels.front();
    summary.last_row = raw.row_labels.back();
  } else if (summary.num_rows > 0) {
    const auto [first, last] = std::minmax_element(raw.frame_index.begin(), raw.frame_index.end());
    summary.first_row = std::to_string(*first);
    summary.last_row = std::to_string(*last);
  }
  const std::vector<Part> parts = collect_parts(raw, summary);
  warn_of_rows(raw, summary);
  warn_of_coords(raw, parts, summary);
  for (const Part& part : parts) {
    if (part.column_of.contains("x")) summary.bodyparts.push_back(summarize_part(raw, part));
  }
  if (summary.bodyparts.empty()) {
    summary.warnings.push_back(fmt::format(
        "is no pose table: no bodypart has x and y; {} columns under the levels {}{}",
        raw.header.num_columns(), list_names(quoted(raw.header.level_names)), example_of(raw)));
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
  text += fmt::format("rows       {}", count_text(static_cast<int64_t>(summary.num_rows),
                                                  summary.rows_are_images ? "image" : "frame"));
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
