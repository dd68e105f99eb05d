#include "table_jobs/table_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/text.h"
#include "results/table/table_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

bool has_table_suffix(const fs::path& path) {
  const std::string suffix = ascii_lower(path.extension().string());
  return suffix == ".csv" || suffix == ".h5" || suffix == ".hdf5" || suffix == ".slp";
}

std::vector<fs::path> tables_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && has_table_suffix(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: holds no pose table (.csv, .h5, .slp)", folder.string()));
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return naturally_before(a.filename().string(), b.filename().string());
  });
  return files;
}

Poses only(const Poses& poses, const std::vector<size_t>& columns) {
  Poses kept{.frame_index = poses.frame_index};
  for (const size_t column : columns) kept.bodyparts.push_back(poses.bodyparts[column]);
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    for (const size_t column : columns) kept.keypoints.push_back(poses.at(row, column));
  }
  return kept;
}

void keep_bodyparts(AlignedTables& tables, const std::vector<std::string>& wanted) {
  std::vector<size_t> columns;
  for (const std::string& name : wanted) {
    const auto found = std::find(tables.bodyparts.begin(), tables.bodyparts.end(), name);
    if (found == tables.bodyparts.end()) {
      const auto near = nearest_names(name, tables.bodyparts);
      throw Error(ErrorKind::not_found, fmt::format("no table has a bodypart '{}'", name),
                  {.have = list_names(near.empty() ? tables.bodyparts : near)});
    }
    columns.push_back(static_cast<size_t>(found - tables.bodyparts.begin()));
  }
  for (Poses& member : tables.members) member = only(member, columns);
  tables.bodyparts = wanted;
}

}  // namespace

std::vector<fs::path> find_tables(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) {
      throw Error(ErrorKind::not_found, fmt::format("{}: does not exist", path.string()));
    }
    const std::vector<fs::path> named =
        fs::is_directory(path) ? tables_in(path) : std::vector{path};
    files.insert(files.end(), named.begin(), named.end());
  }
  std::set<fs::path> seen;
  for (const fs::path& file : files) {
    if (!seen.insert(fs::weakly_canonical(file)).second) {
      throw Error(ErrorKind::usage, fmt::format("{}: is named twice", file.string()));
    }
  }
  return files;
}

TableInputs read_tables(const std::vector<fs::path>& files, bool common_bodyparts,
                        const std::vector<std::string>& bodyparts) {
  TableInputs inputs{.files = files};
  std::vector<PoseTable> tables;
  std::vector<std::string> names;
  for (const fs::path& file : files) {
    LoadedPoses loaded = read_pose_table(file);
    names.push_back(file.filename().string());
    for (const std::string& warning : loaded.notes.warnings) {
      inputs.warnings.push_back(names.back() + ": " + warning);
    }
    tables.push_back(std::move(loaded.table));
  }
  inputs.tables = align_tables(std::move(tables), names, {.common_bodyparts = common_bodyparts});
  for (const std::string& difference : inputs.tables.differences)
    inputs.warnings.push_back(difference);
  if (!bodyparts.empty()) keep_bodyparts(inputs.tables, bodyparts);
  return inputs;
}

}  // namespace posse
