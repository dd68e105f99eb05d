#include "table_jobs/consensus_files.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "results/result_names.h"
#include "results/table/table_writer.h"
#include "run/outputs/track_arrays.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr size_t kRowsPerBlock = 1024;

std::vector<ExtraArray> extra_arrays(int64_t bodyparts, int64_t members) {
  return {
      {.name = "members_std",
       .axes = {"bodyparts", "xy"},
       .extents = {bodyparts, 2},
       .description = "Standard deviation over the members' keypoints (population) along x and "
                      "y, in pixels."},
      {.name = "members_covariance",
       .axes = {"bodyparts", "xx_xy_yy"},
       .extents = {bodyparts, 3},
       .description = "Covariance of the members' keypoints (population), in square pixels."},
      {.name = "num_members",
       .axes = {"bodyparts"},
       .extents = {bodyparts},
       .description = "Members that found the bodypart."},
      {.name = "num_agreeing",
       .axes = {"bodyparts"},
       .extents = {bodyparts},
       .description = "Of those, members within the agreement radius of the consensus."},
      {.name = "member_distance",
       .axes = {"members", "bodyparts"},
       .extents = {members, bodyparts},
       .description = "Distance of each member's keypoint from the consensus, in pixels; NaN when "
                      "missing."}};
}

constexpr size_t kNumExtras = 5;
using Extras = std::vector<std::vector<double>>;

/// Values of the extra arrays, in their order, for frames [begin, end).
Extras extras_of(const TableConsensus& consensus, std::span<const Poses> members, size_t begin,
                 size_t end) {
  Extras extras(kNumExtras);
  const size_t bodyparts = consensus.poses.num_bodyparts();
  for (size_t i = begin * bodyparts; i < end * bodyparts; ++i) {
    const KeypointConsensus& detail = consensus.details[i];
    const Covariance& covariance = detail.covariance;
    extras[0].insert(extras[0].end(), {detail.std_x, detail.std_y});
    extras[1].insert(extras[1].end(), {covariance.xx, covariance.xy, covariance.yy});
    extras[2].push_back(detail.num_members);
    extras[3].push_back(detail.num_agreeing);
  }
  for (size_t row = begin; row < end; ++row) {
    for (const Poses& member : members) {
      for (size_t j = 0; j < bodyparts; ++j) {
        const Keypoint& centre = consensus.poses.at(row, j);
        extras[4].push_back(
            std::hypot(member.at(row, j).x - centre.x, member.at(row, j).y - centre.y));
      }
    }
  }
  if (consensus.track.empty()) return extras;
  extras.resize(kNumExtras + kNumTrackArrays);
  for (size_t i = begin * bodyparts; i < end * bodyparts; ++i)
    append_track_values(consensus.track[i], std::span(extras).subspan<kNumExtras>());
  return extras;
}

Poses rows_of(const Poses& poses, size_t begin, size_t end) {
  const auto width = static_cast<ptrdiff_t>(poses.num_bodyparts());
  const auto first = static_cast<ptrdiff_t>(begin);
  const auto last = static_cast<ptrdiff_t>(end);
  return {.bodyparts = poses.bodyparts,
          .frame_index = {poses.frame_index.begin() + first, poses.frame_index.begin() + last},
          .keypoints = {poses.keypoints.begin() + first * width,
                        poses.keypoints.begin() + last * width}};
}

/// The text without the character that its end was cut through; other bytes that are no UTF-8 stay.
std::string without_split_character(std::string text) {
  for (size_t cut = 0; cut <= std::min<size_t>(3, text.size()); ++cut) {
    const std::string_view shorter(text.data(), text.size() - cut);
    if (is_valid_utf8(shorter)) return std::string(shorter);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "\n") + printable(name);
  return text;
}

}  // namespace

std::string consensus_scorer(const ConsensusSources& sources) {
  return ensemble_scorer(name_of(sources.method), "", sources.names.size());
}

std::string common_stem(std::span<const fs::path> files) {
  std::string video;
  std::string common = files.empty() ? "" : files.front().stem().string();
  bool agree = !files.empty();
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    const auto differ = std::mismatch(common.begin(), common.end(), stem.begin(), stem.end()).first;
    common.erase(differ, common.end());
    const auto name = parse_result_name(file);
    agree = agree && name && (video.empty() || video == name->video_stem);
    if (name) video = name->video_stem;
  }
  if (agree && !video.empty()) return without_control_characters(video);
  common = without_control_characters(without_split_character(std::move(common)));
  while (!common.empty() && std::string_view(" ._-=").find(common.back()) != std::string::npos) {
    common.pop_back();
  }
  return common.empty() ? "consensus" : common;
}

void write_consensus_table(const fs::path& path, const TableConsensus& consensus,
                           const ConsensusSources& sources) {
  const Poses& poses = consensus.poses;
  const std::string scorer = consensus_scorer(sources);
  if (ascii_lower(path.extension().string()) != ".h5") {
    PoseTableWriter writer(path, scorer, poses.bodyparts);
    writer.append(poses);
    writer.finish();
    return;
  }
  std::vector<ExtraArray> arrays = extra_arrays(static_cast<int64_t>(poses.num_bodyparts()),
                                                static_cast<int64_t>(sources.members.size()));
  if (!consensus.track.empty()) {
    for (ExtraArray& array : track_arrays(static_cast<int64_t>(poses.num_bodyparts())))
      arrays.push_back(std::move(array));
  }
  PoseTableWriter writer(path, scorer, poses.bodyparts,
                         {.extras = std::move(arrays),
                          .attributes = {{"consensus", std::string(name_of(sources.method))},
                                         {"members", joined(sources.names)}}});
  for (size_t begin = 0; begin < poses.num_frames(); begin += kRowsPerBlock) {
    const size_t end = std::min(begin + kRowsPerBlock, poses.num_frames());
    const Extras extras = extras_of(consensus, sources.members, begin, end);
    const std::vector<std::span<const double>> views(extras.begin(), extras.end());
    writer.append(rows_of(poses, begin, end), views);
  }
  writer.finish();
}

}  // namespace posse
