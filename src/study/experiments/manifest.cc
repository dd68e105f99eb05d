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
  std::string place;  ///< "FILE: line 3"
};

void check_column(const std::string& name, const std::string& place) {
  const auto& known = known_columns();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: there is no column '{}'", place, printable(name)),
              {.have = list_names(known)});
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<Row> rows_of_csv(const fs::path& path) {
  std::string text = read_file(path, uint64_t{16} << 20);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::istringstream lines(text);
  std::vector<std::string> head;
  std::vector<Row> rows;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (trimmed(line).empty() || line == "\r") continue;
    const std::vector<std::string> cells = csv_cells(line);
    const std::string place = fmt::format("{}: line {}", path.string(), number);
    if (head.empty()) {
      for (const std::string& cell : cells) head.push_back(trimmed(cell));
      for (const std::string& name : head) check_column(name, place);
      if (std::find(head.begin(), head.end(), "member") == head.end())
        throw Error(ErrorKind::bad_file, fmt::format("{}: there is no column 'member'", place));
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

std::string text_of(const YamlValue& value) {
  if (value.kind == YamlValue::Kind::scalar) return value.text;
  std::string joined;
  for (const YamlValue& item : value.items) joined += (joined.empty() ? "" : ";") + item.text;
  return joined;
}

std::vector<Row> rows_of_yaml(const fs::path& path) {
  const YamlValue root = read_yaml(path);
  const YamlValue* list = root.kind == YamlValue::Kind::list ? &root : root.find("members");
  if (list == nullptr || list->kind != YamlValue::Kind::list) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no list of members", path.string()),
                {.hint = "as: - {member: project-1, seed: 2, frames: 17}"});
  }
  std::vector<Row> rows;
  for (const YamlValue& item : list->items) {
    Row& row = rows.emplace_back();
    row.place = fmt::format("{}: line {}", path.string(), item.line);
    if (item.kind == YamlValue::Kind::scalar) row.cells["member"] = item.text;
    for (const YamlEntry& entry : item.entries) {
      check_column(entry.key, row.place);
      const bool is_empty_list =
          entry.value.kind == YamlValue::Kind::list && entry.value.items.empty();
      row.cells[entry.key] = is_empty_list ? "none" : text_of(entry.value);
    }
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
  const auto cell = row.cells.find("trained_on");
  if (cell == row.cells.end() || cell->second.empty()) return std::nullopt;
  std::vector<std::string> frames;
  if (cell->second == "none") return frames;
  std::string text = cell->second;
  std::replace(text.begin(), text.end(), ';', ' ');
  std::istringstream words(text);
  for (std::string word; words >> word;) frames.push_back(word);
  return frames;
}

std::string group_of(const ManifestMember& member) {
  if (member.seed && member.frames)
    return fmt::format("{} frames, seed {}", *member.frames, *member.seed);
  if (member.frames) return fmt::format("{} frames", *member.frames);
  return member.seed ? fmt::format("seed {}", *member.seed) : "all";
}

}  // namespace

std::vector<ManifestMember> read_manifest(const fs::path& path) {
  if (kind_of_path(path) != PathKind::file)
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no manifest here", path.string()));
  const std::string suffix = ascii_lower(path.extension().string());
  const bool is_yaml = suffix == ".yaml" || suffix == ".yml";
  std::vector<ManifestMember> members;
  std::set<fs::path> seen;
  for (const Row& row : is_yaml ? rows_of_yaml(path) : rows_of_csv(path)) {
    ManifestMember& member = members.emplace_back();
    const auto cell = row.cells.find("member");
    member.name = cell == row.cells.end() ? "" : cell->second;
    member.seed = count_of(row, "seed", 0xFFFFFFFF);
    member.frames = count_of(row, "frames", 1'000'000'000);
    member.trained_on = frames_of(row);
    const auto group = row.cells.find("group");
    member.group =
        group == row.cells.end() || group->second.empty() ? group_of(member) : group->second;
    if (member.name.empty()) continue;
    member.path = absolute_path(path).parent_path() / member.name;
    if (!path_exists(member.path)) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: there is no member at {}", row.place, member.path.string()),
                  {.hint = "members are named from the manifest's own folder"});
    }
    if (!seen.insert(with_system_errors([&] { return fs::canonical(member.path); })).second) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: the member {} comes twice", row.place, member.name));
    }
  }
  if (members.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: names no member", path.string()));
  return members;
}

}  // namespace posse
