#include "table_jobs/table_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "results/table/table_reader.h"
#include "table_jobs/find_tables.h"
#include "table_jobs/same_poses.h"
#include "table_jobs/smooth_inputs.h"

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

/// Rows at `frames`, among which are all of the table's; missing points where it has none.
Poses at_frames(const Poses& poses, const std::vector<int64_t>& frames) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Poses result{.bodyparts = poses.bodyparts, .frame_index = frames, .keypoints = {}};
  size_t row = 0;
  for (const int64_t frame : frames) {
    if (row < poses.num_frames() && poses.frame_index[row] == frame) {
      const auto points = poses.row(row++);
      result.keypoints.insert(result.keypoints.end(), points.begin(), points.end());
    } else {
      result.keypoints.insert(result.keypoints.end(), poses.num_bodyparts(), {kNan, kNan, 0});
    }
  }
  return result;
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

/// Aligns what has been read; `inputs` brings files, names and warnings.
TableInputs align(TableInputs inputs, std::vector<PoseTable> tables, bool common_bodyparts,
                  const std::vector<std::string>& bodyparts) {
  inputs.tables =
      align_tables(std::move(tables), inputs.names, {.common_bodyparts = common_bodyparts});
  for (const std::string& difference : inputs.tables.differences)
    inputs.warnings.push_back(difference);
  warn_of_equal_poses(inputs.names, inputs);
  if (!bodyparts.empty()) keep_bodyparts(inputs.tables, bodyparts);
  return inputs;
}

/// The earlier table that a table is another copy of, by name but for the suffix and by its poses:
/// one run writes X.h5 and X.csv, be it into two folders.
std::optional<size_t> written_twice(const std::vector<fs::path>& files,
                                    const std::vector<PoseTable>& tables, const fs::path& file,
                                    const PoseTable& table) {
  for (size_t i = 0; i < tables.size(); ++i) {
    if (files[i].stem() == file.stem() && files[i].extension() != file.extension() &&
        has_keypoints(table.poses) && !first_difference(tables[i].poses, table.poses)) {
      return i;
    }
  }
  return std::nullopt;
}

/// @param before_each  called with the number of tables read so far
TableInputs read_each(const std::vector<fs::path>& files, bool common_bodyparts,
                      const std::vector<std::string>& bodyparts,
                      const std::function<void(size_t done)>& before_each) {
  TableInputs inputs;
  std::vector<PoseTable> tables;
  size_t num_read = 0;
  for (const fs::path& file : files) {
    before_each(num_read++);
    LoadedPoses loaded = read_pose_table(file);
    if (const auto twin = written_twice(inputs.files, tables, file, loaded.table)) {
      inputs.warnings.push_back(fmt::format("{} holds what {} holds: one table",
                                            file.filename().string(), inputs.names[*twin]));
      continue;
    }
    inputs.files.push_back(file);
    inputs.names.push_back(file.filename().string());
    for (const std::string& warning : loaded.notes.warnings) {
      inputs.warnings.push_back(inputs.names.back() + ": " + warning);
    }
    tables.push_back(std::move(loaded.table));
  }
  return align(std::move(inputs), std::move(tables), common_bodyparts, bodyparts);
}

TableInputs take_poses(const std::vector<const NamedPoses*>& poses, bool common_bodyparts,
                       const std::vector<std::string>& bodyparts) {
  TableInputs inputs;
  std::vector<PoseTable> tables;
  for (const NamedPoses* member : poses) {
    inputs.names.push_back(member->name);
    tables.push_back({.poses = member->poses});
  }
  return align(std::move(inputs), std::move(tables), common_bodyparts, bodyparts);
}

std::vector<const NamedPoses*> of_camera(const std::vector<NamedPoses>& poses,
                                         const std::string& camera) {
  std::vector<const NamedPoses*> seen;
  for (const NamedPoses& member : poses) {
    if (member.camera == camera) seen.push_back(&member);
  }
  if (!seen.empty()) return seen;
  throw Error(ErrorKind::usage, fmt::format("camera '{}' has no poses", camera));
}

}  // namespace

TableInputs read_tables(const std::vector<fs::path>& files, bool common_bodyparts,
                        const std::vector<std::string>& bodyparts) {
  return read_each(files, common_bodyparts, bodyparts, [](size_t) {});
}

JobInputs find_inputs(JobInputs inputs, Job& job) {
  if (inputs.paths.empty()) return inputs;
  FoundTables found = find_tables(inputs.paths);
  for (const std::string& note : found.notes) job.note(note);
  for (const std::string& warning : found.warnings) job.warn(warning);
  inputs.paths = std::move(found.files);
  return inputs;
}

TableInputs read_members(const JobInputs& inputs, bool common_bodyparts,
                         const std::vector<std::string>& bodyparts, Job& job) {
  TableInputs read;
  if (inputs.poses.empty()) {
    read = read_each(inputs.paths, common_bodyparts, bodyparts, [&](size_t done) {
      job.progress("reading", static_cast<int64_t>(done), static_cast<int64_t>(inputs.paths.size()),
                   "tables");
    });
  } else {
    std::vector<const NamedPoses*> all;
    for (const NamedPoses& member : inputs.poses) all.push_back(&member);
    read = take_poses(all, common_bodyparts, bodyparts);
  }
  for (const std::string& warning : read.warnings) job.warn(warning);
  return read;
}

std::vector<TableInputs> read_cameras(const JobInputs& inputs,
                                      const std::vector<std::string>& cameras,
                                      const std::vector<std::string>& bodyparts, Job& job) {
  std::vector<TableInputs> read;
  if (inputs.poses.empty()) {
    size_t before = 0;
    for (const auto& files : files_by_camera(inputs.paths, cameras, inputs.cameras)) {
      read.push_back(read_each(files, false, bodyparts, [&](size_t done) {
        job.progress("reading", static_cast<int64_t>(before + done),
                     static_cast<int64_t>(inputs.paths.size()), "tables");
      }));
      before += files.size();
      for (const std::string& warning : read.back().warnings) job.warn(warning);
    }
    return read;
  }
  for (const std::string& camera : cameras) {
    read.push_back(take_poses(of_camera(inputs.poses, camera), false, bodyparts));
    for (const std::string& warning : read.back().warnings) job.warn(warning);
  }
  return read;
}

void match_bodyparts(std::vector<TableInputs>& cameras, const std::vector<std::string>& names,
                     Job& job) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> all;
  for (const TableInputs& camera : cameras) {
    for (const std::string& name : camera.tables.bodyparts) {
      if (std::ranges::find(all, name) == all.end()) all.push_back(name);
    }
  }
  for (size_t c = 0; c < cameras.size(); ++c) {
    AlignedTables& tables = cameras[c].tables;
    if (tables.bodyparts == all) continue;
    const bool lacks_some = tables.bodyparts.size() < all.size();
    job.warn(fmt::format(
        "camera '{}' has {}; matched by name", names[c],
        lacks_some ? "not all bodyparts of the others" : "its bodyparts in another order"));
    for (Poses& member : tables.members) {
      Poses matched{.bodyparts = all, .frame_index = member.frame_index, .keypoints = {}};
      for (size_t row = 0; row < member.num_frames(); ++row) {
        for (const std::string& name : all) {
          const auto found = std::ranges::find(member.bodyparts, name);
          const auto place = static_cast<size_t>(found - member.bodyparts.begin());
          matched.keypoints.push_back(found == member.bodyparts.end() ? Keypoint{kNan, kNan, 0}
                                                                      : member.at(row, place));
        }
      }
      member = std::move(matched);
    }
    tables.bodyparts = all;
  }
}

void match_frames(std::vector<TableInputs>& cameras, const std::vector<std::string>& names,
                  Job& job) {
  std::vector<int64_t> all;
  for (const TableInputs& camera : cameras) {
    std::vector<int64_t> both;
    std::ranges::set_union(all, camera.tables.frame_index, std::back_inserter(both));
    all = std::move(both);
  }
  for (size_t c = 0; c < cameras.size(); ++c) {
    AlignedTables& tables = cameras[c].tables;
    if (tables.frame_index == all) continue;
    job.warn(
        fmt::format("camera '{}' lacks {} of {} frames that others have; nothing is seen there",
                    names[c], all.size() - tables.frame_index.size(), all.size()));
    for (Poses& member : tables.members) member = at_frames(member, all);
    tables.frame_index = all;
  }
}

}  // namespace posse
