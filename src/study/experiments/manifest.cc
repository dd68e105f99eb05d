#include "study/experiments/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/yaml_tree.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

const std::vector<std::string>& known_columns() {
  static const std::vector<std::string> kColumns = {"member", "seed", "frames", "group",
                                                    "trained_on"};
  return kColumns;
}

/// A row's cells by column, and where it stands.
struct Row {
  std::map<std::string, std::string> cells;
  std::optional<std::vector<std::string>> trained_on;  ///< where it is a list of its own
  std::string place;                                   ///< "FILE: line 3"
};

void check_column(const std::string& name, const std::string& place) {
  const auto& known = known_columns();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const bool has_semicolons = name.find(';') != std::string::npos;
  throw Error(
      ErrorKind::bad_file, fmt::format("{}: there is no column '{}'", place, printable(name)),
      {.have = list_names(known), .hint = has_semicolons ? "cells are parted by commas" : ""});
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> head_of(const std::vector<std::string>& cells, const std::string& place) {
  std::vector<std::string> head;
  for (const std::string& cell : cells) {
    head.push_back(trimmed(cell));
    check_column(head.back(), place);
    if (std::count(head.begin(), head.end(), head.back()) > 1)
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: the column '{}' comes twice", place, head.back()));
  }
  if (std::find(head.begin(), head.end(), "member") == head.end())
    throw Error(ErrorKind::bad_file, fmt::format("{}: there is no column 'member'", place));
  return head;
}

std::vector<Row> rows_of_csv(std::string text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::istringstream lines(text);
  std::vector<std::string> head;
  std::vector<Row> rows;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (trimmed(line).empty() || line == "\r") continue;
    const std::vector<std::string> cells = csv_cells(line);
    const std::string place = fmt::format("{}: line {}", name, number);
    if (!is_valid_utf8(line)) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: is not UTF-8: '{}'", place, printable(line)),
                  {.hint = "save the file with encoding UTF-8"});
    }
    if (head.empty()) {
      head = head_of(cells, place);
      continue;
    }
    if (cells.size() > head.size()) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: has {} cells, the header has {}", place,
                                                   cells.size(), head.size()));
    }
    Row& row = rows.emplace_back();
    row.place = place;
    for (size_t i = 0; i < cells.size(); ++i) row.cells[head[i]] = trimmed(cells[i]);
  }
  return rows;
}

void take_entry(const YamlEntry& entry, Row& row) {
  using Kind = YamlValue::Kind;
  check_column(entry.key, row.place);
  const YamlValue& value = entry.value;
  const bool is_plain =
      std::all_of(value.items.begin(), value.items.end(),
                  [](const YamlValue& item) { return item.kind == Kind::scalar; });
  if (value.kind == Kind::map || !is_plain ||
      (value.kind == Kind::list && entry.key != "trained_on")) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: {} is a {}, expected {}", row.place, entry.key,
                            value.kind == Kind::map ? "map" : "list",
                            entry.key == "trained_on" ? "a list of frames" : "a value"));
  }
  row.cells[entry.key] = value.text;
  if (value.kind != Kind::list) return;
  row.trained_on.emplace();
  for (const YamlValue& item : value.items) row.trained_on->push_back(item.text);
}

std::vector<Row> rows_of_yaml(const std::string& text, const std::string& name) {
  const YamlValue root = parse_yaml(text, name);
  const YamlValue* list = root.kind == YamlValue::Kind::list ? &root : root.find("members");
  if (list == nullptr || list->kind != YamlValue::Kind::list) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no list of members", name),
                {.hint = "as: - {member: project-1, seed: 2, frames: 17}"});
  }
  std::vector<Row> rows;
  for (const YamlValue& item : list->items) {
    Row& row = rows.emplace_back();
    row.place = fmt::format("{}: line {}", name, item.line);
    if (item.kind == YamlValue::Kind::list)
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: a list, expected a member or a map", row.place));
    if (item.kind == YamlValue::Kind::scalar) row.cells["member"] = item.text;
    for (const YamlEntry& entry : item.entries) take_entry(entry, row);
  }
  return rows;
}

std::optional<int64_t> count_of(const Row& row, const std::string& column, int64_t most) {
  const auto cell = row.cells.find(column);
  if (cell == row.cells.end() || cell->second.empty()) return std::nullopt;
  int64_t value = 0;
  const std::string& text = cell->second;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || value < 0 || value > most) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: {} is '{}', expected a whole number",
                                                 row.place, column, printable(text)));
  }
  return value;
}

std::optional<std::vector<std::string>> frames_of(const Row& row) {
  if (row.trained_on) return row.trained_on;
  const auto cell = row.cells.find("trained_on");
  if (cell == row.cells.end() || cell->second.empty()) return std::nullopt;
  std::vector<std::string> frames;
  if (cell->second == "none") return frames;
  std::istringstream words(cell->second);
  if (cell->second.find(';') == std::string::npos) {
    for (std::string word; words >> word;) frames.push_back(word);
    return frames;
  }
  for (std::string part; std::getline(words, part, ';');)
    if (!trimmed(part).empty()) frames.push_back(trimmed(part));
  return frames;
}

std::string group_of(const ManifestMember& member) {
  if (member.seed && member.frames)
    return fmt::format("{} frames, seed {}", *member.frames, *member.seed);
  if (member.frames) return fmt::format("{} frames", *member.frames);
  return member.seed ? fmt::format("seed {}", *member.seed) : "all";
}

/// Where a member lies: below the folder, its path written as here or as Windows writes it.
fs::path place_of(const ManifestMember& member, const fs::path& folder, const std::string& place) {
  fs::path path = folder / member.name;
  if (path_exists(path)) return path;
  std::string slashes = member.name;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  if (slashes != member.name && path_exists(folder / slashes)) return folder / slashes;
  throw Error(ErrorKind::not_found,
              fmt::format("{}: there is no member at {}", place, path.string()),
              {.hint = "members are named from the manifest's own folder"});
}

}  // namespace

std::vector<ManifestMember> parse_manifest(const std::string& text, const std::string& name,
                                           bool is_yaml) {
  std::vector<ManifestMember> members;
  for (const Row& row : is_yaml ? rows_of_yaml(text, name) : rows_of_csv(text, name)) {
    ManifestMember& member = members.emplace_back();
    const auto cell = row.cells.find("member");
    member.name = cell == row.cells.end() ? "" : cell->second;
    member.seed = count_of(row, "seed", 0xFFFFFFFF);
    member.frames = count_of(row, "frames", 1'000'000'000);
    member.trained_on = frames_of(row);
    const auto group = row.cells.find("group");
    member.group =
        group == row.cells.end() || group->second.empty() ? group_of(member) : group->second;
    member.place = row.place;
  }
  if (members.empty()) throw Error(ErrorKind::usage, fmt::format("{}: names no member", name));
  return members;
}

std::vector<ManifestMember> read_manifest(const fs::path& path) {
  if (kind_of_path(path) != PathKind::file)
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no manifest here", path.string()),
                {.hint = "docs/study.md says how to write it"});
  const std::string suffix = ascii_lower(path.extension().string());
  std::vector<ManifestMember> members = parse_manifest(
      read_file(path, uint64_t{16} << 20), path.string(), suffix == ".yaml" || suffix == ".yml");
  std::set<fs::path> seen;
  for (ManifestMember& member : members) {
    if (member.name.empty()) continue;
    member.path = place_of(member, absolute_path(path).parent_path(), member.place);
    if (!seen.insert(with_system_errors([&] { return fs::canonical(member.path); })).second) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: the member {} comes twice", member.place, member.name));
    }
  }
  return members;
}

}  // namespace posse
