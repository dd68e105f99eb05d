#include "results/table/align_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/count_text.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

namespace posse {
namespace {

constexpr Keypoint kMissingPoint{std::numeric_limits<double>::quiet_NaN(),
                                 std::numeric_limits<double>::quiet_NaN(), 0};
constexpr size_t kAbsent = std::numeric_limits<size_t>::max();

std::string frames_text(const std::vector<int64_t>& frames) {
  if (frames.empty()) return "no frames";
  return fmt::format("{} from {} to {}", count_text(static_cast<int64_t>(frames.size()), "frame"),
                     frames.front(), frames.back());
}

std::vector<int64_t> matched_frames(std::span<const PoseTable> tables, FrameMatch match) {
  std::vector<int64_t> frames = tables.front().poses.frame_index;
  for (const PoseTable& table : tables.subspan(1)) {
    const std::vector<int64_t>& other = table.poses.frame_index;
    if (other == frames) continue;
    std::vector<int64_t> both;
    if (match == FrameMatch::common) {
      std::set_intersection(frames.begin(), frames.end(), other.begin(), other.end(),
                            std::back_inserter(both));
    } else {
      std::set_union(frames.begin(), frames.end(), other.begin(), other.end(),
                     std::back_inserter(both));
    }
    frames = std::move(both);
  }
  return frames;
}

std::vector<std::string> matched_bodyparts(std::span<const PoseTable> tables, bool common) {
  std::vector<std::string> order;
  std::unordered_map<std::string, size_t> count;
  for (const PoseTable& table : tables) {
    for (const std::string& bodypart : table.poses.bodyparts) {
      if (count[bodypart]++ == 0) order.push_back(bodypart);
    }
  }
  if (common) {
    std::erase_if(order, [&](const auto& bodypart) { return count[bodypart] < tables.size(); });
  }
  return order;
}

Poses aligned(const Poses& poses, const std::vector<std::string>& bodyparts,
              const std::vector<int64_t>& frames) {
  std::unordered_map<std::string, size_t> place;
  for (size_t j = 0; j < poses.bodyparts.size(); ++j) place[poses.bodyparts[j]] = j;
  std::vector<size_t> source;
  for (const std::string& bodypart : bodyparts) {
    const auto found = place.find(bodypart);
    source.push_back(found == place.end() ? kAbsent : found->second);
  }
  Poses result{.bodyparts = bodyparts, .frame_index = frames, .keypoints = {}};
  reserve_large(result.keypoints, frames.size() * bodyparts.size());
  size_t row = 0;
  for (const int64_t frame : frames) {
    while (row < poses.num_frames() && poses.frame_index[row] < frame) ++row;
    const bool has_frame = row < poses.num_frames() && poses.frame_index[row] == frame;
    for (const size_t j : source) {
      result.keypoints.push_back(has_frame && j != kAbsent ? poses.at(row, j) : kMissingPoint);
    }
  }
  return result;
}

bool is_missing_everywhere(const Poses& poses, size_t bodypart) {
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    if (!std::isnan(poses.at(row, bodypart).x)) return false;
  }
  return poses.num_frames() > 0;
}

/// True if the bodyparts that both have come in the same order.
bool same_order(const std::vector<std::string>& table, const std::vector<std::string>& all) {
  size_t last = 0;
  for (const std::string& bodypart : table) {
    const auto found = std::find(all.begin(), all.end(), bodypart);
    if (found == all.end()) continue;
    const auto place = static_cast<size_t>(found - all.begin());
    if (place < last) return false;
    last = place;
  }
  return true;
}

void report_differences(const PoseTable& table, const std::string& name, AlignedTables& result) {
  const auto say = [&](const std::string& what) {
    result.differences.push_back(name + ": " + what);
  };
  const Poses& poses = table.poses;
  if (poses.frame_index != result.frame_index) {
    say(fmt::format("has {}, aligned to {}", frames_text(poses.frame_index),
                    frames_text(result.frame_index)));
  }
  const auto lacking = [](const auto& these, const auto& those) {
    std::vector<std::string> names;
    for (const std::string& bodypart : those) {
      if (std::find(these.begin(), these.end(), bodypart) == these.end()) names.push_back(bodypart);
    }
    return names;
  };
  const auto absent = lacking(poses.bodyparts, result.bodyparts);
  if (!absent.empty()) say("lacks " + list_names(absent));
  const auto dropped = lacking(result.bodyparts, poses.bodyparts);
  if (!dropped.empty()) say("has " + list_names(dropped) + ", which others lack; left out");
  if (!same_order(poses.bodyparts, result.bodyparts)) {
    say("has its bodyparts in another order; matched by name");
  }
  std::vector<std::string> never;
  for (size_t j = 0; j < poses.num_bodyparts(); ++j) {
    if (is_missing_everywhere(poses, j)) never.push_back(poses.bodyparts[j]);
  }
  if (!never.empty()) say("never finds " + list_names(never));
}

}  // namespace

AlignedTables align_tables(std::vector<PoseTable> tables, std::span<const std::string> names,
                           const AlignOptions& options) {
  if (tables.empty()) throw Error(ErrorKind::usage, "no tables were given");
  if (names.size() != tables.size()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} names for {} tables", names.size(), tables.size()));
  }
  AlignedTables result;
  result.bodyparts = matched_bodyparts(tables, options.common_bodyparts);
  result.frame_index = matched_frames(tables, options.frames);
  std::string have;
  for (size_t i = 0; i < tables.size(); ++i) {
    have += fmt::format("{}{}: {}; {}", have.empty() ? "" : " | ", names[i],
                        list_names(tables[i].poses.bodyparts),
                        frames_text(tables[i].poses.frame_index));
  }
  if (result.bodyparts.empty()) {
    throw Error(ErrorKind::shape_mismatch, "the tables have no bodypart in common", {.have = have});
  }
  if (result.frame_index.empty()) {
    throw Error(ErrorKind::shape_mismatch, "the tables have no frame in common", {.have = have});
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    report_differences(tables[i], names[i], result);
    Poses& poses = tables[i].poses;
    const bool fits =
        poses.bodyparts == result.bodyparts && poses.frame_index == result.frame_index;
    result.members.push_back(fits ? std::move(poses)
                                  : aligned(poses, result.bodyparts, result.frame_index));
    poses = {};
  }
  return result;
}

}  // namespace posse
