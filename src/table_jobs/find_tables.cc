#include "table_jobs/find_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/table/table_reader.h"
#include "table_jobs/same_poses.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Formats of one run's table, the one that is read first. A .slp is a project of its own.
constexpr std::array<std::string_view, 3> kFormats = {".h5", ".hdf5", ".csv"};

size_t place_of_format(const fs::path& file) {
  const std::string suffix = ascii_lower(file.extension().string());
  return static_cast<size_t>(std::find(kFormats.begin(), kFormats.end(), suffix) -
                             kFormats.begin());
}

bool has_table_suffix(const fs::path& path) {
  return place_of_format(path) < kFormats.size() ||
         ascii_lower(path.extension().string()) == ".slp";
}

std::string name_of(const fs::path& file) { return printable(file.filename().string()); }

/// DeepLabCut's analyzeskeleton writes lengths and angles of bones beside the poses.
bool holds_skeleton(const fs::path& file) { return file.stem().string().ends_with("_skeleton"); }

/// The sub-folders of a folder that hold tables, as text for a hint; empty where none does.
std::string folders_with_tables(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& entry : entries_of_folder(folder)) {
    if (kind_of_path(entry) != PathKind::folder || !why_unreadable(entry).empty()) continue;
    const auto files = entries_of_folder(entry);
    if (std::any_of(files.begin(), files.end(), has_table_suffix)) names.push_back(name_of(entry));
  }
  return names.empty() ? "" : list_names(names);
}

void add_tables_in(const fs::path& folder, FoundTables& found) {
  size_t count = 0;
  for (const fs::path& file : entries_of_folder(folder)) {
    if (!has_table_suffix(file) || kind_of_path(file) != PathKind::file) continue;
    if (holds_skeleton(file)) {
      found.notes.push_back(name_of(file) + ": holds a skeleton, not poses; left out");
      continue;
    }
    found.files.push_back(file);
    ++count;
  }
  if (count > 0) return;
  const std::string deeper = folders_with_tables(folder);
  throw Error(ErrorKind::not_found,
              fmt::format("{}: holds no pose table (.csv, .h5, .slp)", printable(folder.string())),
              {.hint = deeper.empty() ? ""
                                      : fmt::format("tables lie one level deeper, in {}: name "
                                                    "those folders, or {}/*/*.h5",
                                                    deeper, printable(folder.string()))});
}

void refuse_repeated(const std::vector<fs::path>& files) {
  std::set<fs::path> seen;
  for (const fs::path& file : files) {
    std::error_code error;
    const fs::path known = fs::weakly_canonical(file, error);
    if (seen.insert(error ? file : known).second) continue;
    throw Error(ErrorKind::usage, fmt::format("{}: is named twice", printable(file.string())));
  }
}

void compare_formats(const fs::path& taken, const fs::path& other, FoundTables& found) {
  std::string differs;
  try {
    const Poses poses = read_pose_table(taken).table.poses;
    differs = first_difference(poses, read_pose_table(other).table.poses).value_or("");
  } catch (const Error& error) {
    differs = error.message();  // of the one that is taken, it comes again where that one is read
  }
  if (differs.empty()) {
    found.notes.push_back(
        fmt::format("{} is the same table as {}; read once", name_of(other), name_of(taken)));
    return;
  }
  found.warnings.push_back(
      fmt::format("{} and {} go by one name, so they count as one table and {} is read; but they "
                  "differ ({}): rename one if they are two members, else remove the old one",
                  name_of(taken), name_of(other), name_of(taken), differs));
}

/// Leaves one file of those that differ in their format only.
void join_formats(FoundTables& found) {
  std::map<fs::path, std::vector<fs::path>> by_name;
  for (const fs::path& file : found.files) {
    if (place_of_format(file) < kFormats.size()) {
      by_name[fs::path(file).replace_extension()].push_back(file);
    }
  }
  for (auto& [name, files] : by_name) {
    if (files.size() < 2) continue;
    std::stable_sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
      return place_of_format(a) < place_of_format(b);
    });
    for (size_t i = 1; i < files.size(); ++i) {
      compare_formats(files[0], files[i], found);
      std::erase(found.files, files[i]);
    }
  }
}

/// Stems that DeepLabCut's filterpredictions makes of a table's.
std::optional<std::string> stem_before_filter(const std::string& stem) {
  for (const std::string_view ending : {"_filtered", "filtered"}) {
    if (stem.size() > ending.size() && stem.ends_with(ending)) {
      return stem.substr(0, stem.size() - ending.size());
    }
  }
  return std::nullopt;
}

void warn_of_relatives(FoundTables& found) {
  std::map<fs::path, fs::path> by_name;  // without suffix
  for (const fs::path& file : found.files) by_name[fs::path(file).replace_extension()] = file;
  const auto beside = [&](const fs::path& file, const std::optional<std::string>& stem) {
    return stem ? by_name.find(file.parent_path() / *stem) : by_name.end();
  };
  for (const fs::path& file : found.files) {
    const std::string stem = file.stem().string();
    if (const auto raw = beside(file, stem_before_filter(stem)); raw != by_name.end()) {
      found.warnings.push_back(fmt::format(
          "{} is the filtered {}: both count as members, so one network counts twice; name only "
          "one of them",
          name_of(file), name_of(raw->second)));
    }
    if (const auto first = beside(file, original_of_copy(stem)); first != by_name.end()) {
      found.warnings.push_back(
          fmt::format("{} looks like a copy of {}: both count as members; name only one of them",
                      name_of(file), name_of(first->second)));
    }
  }
}

}  // namespace

FoundTables find_tables(const std::vector<fs::path>& paths) {
  FoundTables found;
  for (const fs::path& path : paths) {
    switch (kind_of_path(path)) {
      case PathKind::absent:
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: does not exist", printable(path.string())));
      case PathKind::folder:
        add_tables_in(path, found);
        break;
      default:
        found.files.push_back(path);
    }
  }
  refuse_repeated(found.files);
  join_formats(found);
  warn_of_relatives(found);
  return found;
}

}  // namespace posse
