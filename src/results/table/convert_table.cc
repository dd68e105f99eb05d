#include "results/table/convert_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/result_names.h"
#include "results/table/frame_numbers.h"
#include "results/table/header_levels.h"
#include "results/table/table_crop.h"
#include "results/table/table_kind.h"
#include "results/table/table_meaning.h"
#include "results/table/table_writer.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

void check_target(const fs::path& source, const fs::path& target, bool force) {
  std::error_code error;
  if (!path_exists(target)) return;
  if (fs::equivalent(source, target, error)) {
    throw Error(ErrorKind::usage, fmt::format("{}: is the source itself", target.string()));
  }
  if (is_folder(target)) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: is a folder, and a table is to be written there",
                            printable(target.string())),
                {.hint = "name the table to write, as TABLE.h5 or TABLE.csv in it"});
  }
  refuse_to_replace(target, force);
}

/// Columns of a table by the levels of pose tables, in their order, so that what is written can be
/// read again.
class Normalizer {
 public:
  Normalizer(RawTable raw, const fs::path& path) : raw_(std::move(raw)), path_(path) {}

  RawTable normalized() {
    if (name_levels(raw_.header)) {
      raw_.notes.push_back("its header levels have no names; taken as " +
                           list_names(raw_.header.level_names));
    }
    if (!has_pose_levels(raw_.header)) refuse_levels();
    require_rising_frames(raw_.frame_index, 0, std::nullopt, path_);
    for (std::string& oddity : oddities_of_levels(raw_.header))
      raw_.notes.push_back(std::move(oddity));
    warn_of_likelihood();
    arrange();
    drop_nameless_columns();
    refuse_repeated_columns();
    return std::move(raw_);
  }

 private:
  void warn_of_likelihood() {
    const size_t coord = pose_levels(raw_.header).back();
    std::vector<std::string> coords;
    for (const auto& column : raw_.header.columns) coords.push_back(column[coord]);
    if (std::string warning = warning_of_likelihood(coords); !warning.empty())
      raw_.notes.push_back(std::move(warning));
  }

  [[noreturn]] void refuse_levels() const {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is no pose table: its columns have no levels 'bodyparts' and "
                            "'coords'",
                            path_.string()),
                {.have = "levels: " + list_names(raw_.header.level_names)});
  }

  void arrange() {
    const std::vector<size_t> order = pose_levels(raw_.header);
    const bool has_scorer = raw_.header.level_names[order.front()] == "scorer";
    TableHeader header;
    if (!has_scorer) header.level_names.emplace_back("scorer");
    for (const size_t level : order) header.level_names.push_back(raw_.header.level_names[level]);
    for (const auto& column : raw_.header.columns) {
      std::vector<std::string> texts;
      if (!has_scorer) texts.emplace_back("unknown");
      for (const size_t level : order) texts.push_back(column[level]);
      header.columns.push_back(std::move(texts));
    }
    raw_.header = std::move(header);
  }

  /// Columns of no bodypart, as the split of Lightning Pose's tables; their text is not kept
  /// anyway.
  void drop_nameless_columns() {
    std::vector<size_t> kept;
    for (size_t j = 0; j < raw_.header.num_columns(); ++j) {
      if (!is_nameless(raw_.header, raw_.header.columns[j])) kept.push_back(j);
    }
    const size_t width = raw_.header.num_columns();
    if (kept.size() == width) return;
    std::vector<double> values;
    values.reserve(raw_.num_rows() * kept.size());
    for (size_t row = 0; row < raw_.num_rows(); ++row) {
      for (const size_t j : kept) values.push_back(raw_.values[row * width + j]);
    }
    std::vector<std::vector<std::string>> columns;
    for (const size_t j : kept) columns.push_back(std::move(raw_.header.columns[j]));
    raw_.header.columns = std::move(columns);
    raw_.values = std::move(values);
  }

  void refuse_repeated_columns() const {
    std::set<std::vector<std::string>> seen;
    for (const auto& column : raw_.header.columns) {
      if (seen.insert(column).second) continue;
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: the column '{} {}' stands twice, and no program could tell them "
                              "apart",
                              path_.string(), printable(column[column.size() - 2]),
                              printable(column.back())),
                  {.hint = "rename or remove one of the bodyparts of the same name"});
    }
  }

  RawTable raw_;
  const fs::path& path_;
};

bool has_one_individual(const RawTable& table) {
  for (const auto& column : table.header.columns) {
    if (column[1] != table.header.columns.front()[1]) return false;
  }
  return !table.header.columns.empty();
}

/// A table of cut frames becomes one of whole frames, unless a pickle beside the target says that
/// it is of cut frames too: whoever reads it would add the corner again.
void keep_in_whole_frame(const fs::path& source, const fs::path& target, RawTable& raw) {
  const auto crop = crop_beside(source, raw.notes);
  if (!crop || !raw.row_labels.empty()) return;
  std::vector<std::string> ignored;
  if (const auto there = crop_beside(target, ignored);
      there && there->x1 == crop->x1 && there->y1 == crop->y1) {
    raw.notes.push_back(crop->sentence() +
                        "; points stay those of the cut picture, as the pickle says of the "
                        "target too");
    return;
  }
  move_points(raw, crop->x1, crop->y1);
  raw.notes.push_back(crop->sentence() + "; points are moved into the whole frame");
}

/// Gives the name to a table of one scorer or none; false for one of several, which is chosen.
bool rename_scorer(RawTable& raw, const std::string& name) {
  TableHeader& header = raw.header;
  const auto level = std::find(header.level_names.begin(), header.level_names.end(), "scorer");
  if (level == header.level_names.end()) {
    if (std::find(header.level_names.begin(), header.level_names.end(), "bodyparts") ==
        header.level_names.end()) {
      return false;  // levels without names: the reader tells what they are
    }
    header.level_names.insert(header.level_names.begin(), "scorer");
    for (auto& column : header.columns) column.insert(column.begin(), name);
    return true;
  }
  const auto at = static_cast<size_t>(level - header.level_names.begin());
  std::set<std::string> scorers;
  for (const auto& column : header.columns) scorers.insert(column[at]);
  if (scorers.size() != 1 || scorers.contains(name)) return false;
  for (auto& column : header.columns) column[at] = name;
  return true;
}

TableWriterOptions writer_options(const fs::path& target, const std::string& key) {
  TableWriterOptions options;
  if (key.empty()) return options;
  if (ascii_lower(target.extension().string()) == ".csv") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: a csv has no key; that is for .h5", printable(target.string())));
  }
  options.key = key;
  return options;
}

}  // namespace

std::vector<std::string> convert_table(const fs::path& source, const fs::path& target,
                                       const TableReadOptions& options, bool force,
                                       const std::string& key) {
  const TableKind format = detect_table_kind(source);
  check_target(source, target, force);
  const TableWriterOptions writing = writer_options(target, key);
  RawTable raw = read_raw_table(source, options.video);
  const auto pickle =
      options.scorer.empty() ? std::nullopt : renamed_meta_pickle(source, target, options.scorer);
  if (!pickle) keep_in_whole_frame(source, target, raw);
  TableReadOptions choice = options;
  if (!options.scorer.empty() && rename_scorer(raw, options.scorer)) choice.scorer.clear();
  const bool is_sleap = format == TableKind::slp || format == TableKind::sleap_analysis;
  const bool has_choice = !choice.individual.empty() || !choice.scorer.empty();
  std::vector<std::string> warnings;
  if (has_choice || (is_sleap && has_one_individual(raw))) {
    const LoadedPoses loaded = interpret_poses(raw, source, choice);
    write_pose_table(target, loaded.table, writing);
    warnings = loaded.notes.warnings;
  } else {
    if (!is_sleap) raw = Normalizer(std::move(raw), source).normalized();
    write_raw_table(target, raw, writing);
    warnings = std::move(raw.notes);
  }
  if (pickle) write_file(meta_pickle_beside(target), *pickle);
  return warnings;
}

}  // namespace posse
