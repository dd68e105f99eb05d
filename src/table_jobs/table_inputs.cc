#include "table_jobs/table_inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "results/table/table_reader.h"
#include "table_jobs/same_poses.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

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

void warn_of_equal_poses(const std::vector<std::string>& names, TableInputs& inputs) {
  const std::vector<Poses>& members = inputs.tables.members;
  for (size_t i = 1; i < members.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (first_difference(members[j], members[i]) || !has_keypoints(members[i])) continue;
      inputs.warnings.push_back(
          fmt::format("{} and {} hold the same poses: one network counts twice if they are of one "
                      "run; leave one out",
                      names[j], names[i]));
      break;
    }
  }
}

}  // namespace

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
  warn_of_equal_poses(names, inputs);
  if (!bodyparts.empty()) keep_bodyparts(inputs.tables, bodyparts);
  return inputs;
}

}  // namespace posse
