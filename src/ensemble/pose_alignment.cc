#include "ensemble/pose_alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "ensemble/bodypart_alignment.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

/// Column of a bodypart, or -1.
int column_of(const Poses& poses, const std::string& bodypart) {
  const auto found = std::ranges::find(poses.bodyparts, bodypart);
  return found == poses.bodyparts.end() ? -1 : static_cast<int>(found - poses.bodyparts.begin());
}

void check_frames(const NamedPoses& member) {
  const std::vector<int64_t>& frames = member.poses.frame_index;
  const auto wrong =
      std::ranges::adjacent_find(frames, [](int64_t a, int64_t b) { return a >= b; });
  if (wrong != frames.end()) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{}: frame {} follows frame {}; frame numbers must increase",
                            member.member, wrong[1], wrong[0]));
  }
}

std::vector<std::string> bodyparts_of(std::span<const NamedPoses> members, bool common_only) {
  std::vector<MemberBodyparts> names;
  for (const NamedPoses& member : members) {
    names.push_back({.member = member.member, .bodyparts = member.poses.bodyparts});
  }
  BodypartAlignment common =
      align_bodyparts(names, /*common_only=*/true);  // also checks that something is common
  if (common_only) {
    return common.bodyparts;
  }
  std::vector<std::string> all;
  std::set<std::string> seen;
  for (const MemberBodyparts& member : names) {
    std::ranges::copy_if(member.bodyparts, std::back_inserter(all),
                         [&](const std::string& bodypart) { return seen.insert(bodypart).second; });
  }
  return all;
}

std::vector<int64_t> frames_of(std::span<const NamedPoses> members) {
  std::vector<int64_t> frames = members.front().poses.frame_index;
  for (const NamedPoses& member : members.subspan(1)) {
    std::vector<int64_t> both;
    std::ranges::set_union(frames, member.poses.frame_index, std::back_inserter(both));
    frames = std::move(both);
  }
  return frames;
}

Poses conform(const Poses& poses, const std::vector<std::string>& bodyparts,
              const std::vector<int64_t>& frames) {
  Poses result{.bodyparts = bodyparts, .frame_index = frames, .keypoints = {}};
  result.keypoints.assign(frames.size() * bodyparts.size(), missing_keypoint());
  std::vector<int> columns;
  for (const std::string& bodypart : bodyparts) {
    columns.push_back(column_of(poses, bodypart));
  }
  size_t row = 0;
  for (size_t source = 0; source < poses.num_frames(); ++source, ++row) {
    while (frames[row] != poses.frame_index[source]) {
      ++row;
    }
    for (size_t j = 0; j < columns.size(); ++j) {
      if (columns[j] >= 0) {
        result.at(row, j) = poses.at(source, static_cast<size_t>(columns[j]));
      }
    }
  }
  return result;
}

bool is_missing_throughout(const Poses& poses, size_t bodypart) {
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    if (!std::isnan(poses.at(row, bodypart).x)) {
      return false;
    }
  }
  return true;
}

void note_bodyparts(const NamedPoses& member, const std::vector<std::string>& bodyparts,
                    std::vector<std::string>& notes) {
  std::vector<int> columns;
  for (const std::string& bodypart : bodyparts) {
    const int column = column_of(member.poses, bodypart);
    if (column < 0) {
      notes.push_back(fmt::format("{} has no bodypart '{}'", member.member, printable(bodypart)));
    } else {
      columns.push_back(column);
      if (is_missing_throughout(member.poses, static_cast<size_t>(column))) {
        notes.push_back(fmt::format("{}: bodypart '{}' is missing in every frame", member.member,
                                    printable(bodypart)));
      }
    }
  }
  for (const std::string& bodypart : member.poses.bodyparts) {
    if (std::ranges::find(bodyparts, bodypart) == bodyparts.end()) {
      notes.push_back(fmt::format("{}: bodypart '{}' is left out, not all members have it",
                                  member.member, printable(bodypart)));
    }
  }
  if (!std::ranges::is_sorted(columns)) {
    notes.push_back(fmt::format("{} lists its bodyparts in another order", member.member));
  }
}

void note_frames(const NamedPoses& member, const std::vector<int64_t>& frames,
                 std::vector<std::string>& notes) {
  std::vector<int64_t> absent;
  std::ranges::set_difference(frames, member.poses.frame_index, std::back_inserter(absent));
  if (!absent.empty()) {
    notes.push_back(fmt::format("{} lacks {} of {} frames, the first is {}", member.member,
                                absent.size(), frames.size(), absent.front()));
  }
}

}  // namespace

AlignedPoses align_poses(std::span<const NamedPoses> members, bool common_only) {
  if (members.empty()) {
    throw Error(ErrorKind::invalid_value, "a consensus needs at least one member");
  }
  std::ranges::for_each(members, check_frames);
  const std::vector<std::string> bodyparts = bodyparts_of(members, common_only);
  const std::vector<int64_t> frames = frames_of(members);
  AlignedPoses aligned;
  for (const NamedPoses& member : members) {
    note_bodyparts(member, bodyparts, aligned.notes);
    note_frames(member, frames, aligned.notes);
    aligned.members.push_back(conform(member.poses, bodyparts, frames));
  }
  return aligned;
}

}  // namespace posse
