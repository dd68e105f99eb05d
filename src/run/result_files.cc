#include "run/result_files.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "base/text.h"
#include "consensus/keypoint_consensus.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {

constexpr size_t kRowsPerBlock = 256;
constexpr size_t kNumExtras = 5;

/// Values of the plain datasets beside the consensus table, in the order of extra_arrays().
using Extras = std::array<std::vector<double>, kNumExtras>;

std::vector<ExtraArray> extra_arrays(const Ensemble& ensemble) {
  const auto bodyparts = static_cast<int64_t>(ensemble.bodyparts().size());
  const auto members = static_cast<int64_t>(ensemble.members().size());
  return {
      {.name = "time_seconds",
       .description = "Presentation time of the frame in seconds; NaN if unknown."},
      {.name = "members_std",
       .axes = {"bodyparts", "xy"},
       .extents = {bodyparts, 2},
       .description =
           "Standard deviation over the members' keypoints (population) along x and y, in pixels."},
      {.name = "map_covariance",
       .axes = {"bodyparts", "xx_xy_yy"},
       .extents = {bodyparts, 3},
       .description =
           "Covariance of the consensus probability map about its mean, in square pixels."},
      {.name = "num_members",
       .axes = {"bodyparts"},
       .extents = {bodyparts},
       .description = "Members whose maps took part in the consensus."},
      {.name = "member_distance",
       .axes = {"members", "bodyparts"},
       .extents = {members, bodyparts},
       .description =
           "Distance of each member's keypoint from the consensus, in pixels; NaN when missing."}};
}

std::string list_of_names(const Ensemble& ensemble) {
  std::string names;
  for (const MemberNetwork& member : ensemble.members())
    names += (names.empty() ? "" : "\n") + printable(member.name);
  return names;
}

void append_extras(const FrameResult& result, Extras& extras) {
  extras[0].push_back(result.time_seconds);
  const size_t bodyparts = result.consensus.size();
  for (const ConsensusKeypoint& keypoint : result.consensus) {
    extras[1].insert(extras[1].end(), {keypoint.std_x, keypoint.std_y});
    const Covariance& covariance = keypoint.map_covariance;
    extras[2].insert(extras[2].end(), {covariance.xx, covariance.xy, covariance.yy});
    extras[3].push_back(keypoint.num_members);
  }
  for (size_t i = 0; i < result.members.size(); ++i) {
    const Keypoint& consensus = result.consensus[i % bodyparts].keypoint;
    extras[4].push_back(
        std::hypot(result.members[i].x - consensus.x, result.members[i].y - consensus.y));
  }
}

/// The columns of eks for a consensus: what its smoother calls posterior variance is here the
/// variance of the consensus map.
const std::vector<std::string> kWideCoords = {
    "x",         "y",         "likelihood",      "x_ens_median",   "y_ens_median",
    "x_ens_var", "y_ens_var", "x_posterior_var", "y_posterior_var"};

std::vector<double> wide_row(const FrameResult& result) {
  const size_t bodyparts = result.consensus.size();
  std::vector<double> row;
  std::vector<Keypoint> members(result.members.size() / bodyparts);
  for (size_t j = 0; j < bodyparts; ++j) {
    for (size_t m = 0; m < members.size(); ++m) members[m] = result.members[m * bodyparts + j];
    const Keypoint median = consensus_of_keypoints(members, {}).keypoint;
    const ConsensusKeypoint& own = result.consensus[j];
    row.insert(row.end(), {own.keypoint.x, own.keypoint.y, own.keypoint.likelihood, median.x,
                           median.y, own.std_x * own.std_x, own.std_y * own.std_y,
                           own.map_covariance.xx, own.map_covariance.yy});
  }
  return row;
}

/// Table rows kept back until a block is full.
struct Block {
  Poses poses;
  Extras extras;

  void clear() {
    poses.frame_index.clear();
    poses.keypoints.clear();
    for (auto& values : extras) values.clear();
  }
};

}  // namespace

struct ResultFiles::State {
  std::vector<PoseTableWriter> consensus;  ///< .h5, .csv or both
  std::vector<bool> with_extras;
  std::vector<PoseTableWriter> members;  ///< [members * formats]
  size_t formats = 0;
  std::optional<TableWriter> wide;
  Block block;
  std::vector<Poses> member_blocks;

  void flush();
};

void ResultFiles::State::flush() {
  std::vector<std::span<const double>> extras(block.extras.begin(), block.extras.end());
  for (size_t i = 0; i < consensus.size(); ++i) {
    consensus[i].append(block.poses, with_extras[i]
                                         ? std::span<const std::span<const double>>(extras)
                                         : std::span<const std::span<const double>>());
  }
  for (size_t i = 0; i < members.size(); ++i) members[i].append(member_blocks[i / formats]);
  block.clear();
  for (Poses& poses : member_blocks) {
    poses.frame_index.clear();
    poses.keypoints.clear();
  }
}

ResultFiles::ResultFiles(const Ensemble& ensemble, const ResultPaths& paths,
                         const RunOptions& options)
    : state_(std::make_unique<State>()) {
  const auto& bodyparts = ensemble.bodyparts();
  state_->block.poses.bodyparts = bodyparts;
  const TableWriterOptions with_extras{
      .extras = extra_arrays(ensemble),
      .attributes = {{"consensus", std::string(name_of(options.consensus))},
                     {"members", list_of_names(ensemble)}}};
  if (options.format != TableFormat::csv) {
    state_->consensus.emplace_back(paths.h5, paths.scorer, bodyparts, with_extras);
    state_->with_extras.push_back(true);
  }
  if (options.format != TableFormat::h5) {
    state_->consensus.emplace_back(paths.csv, paths.scorer, bodyparts);
    state_->with_extras.push_back(false);
  }
  state_->formats = state_->consensus.size();
  if (!paths.wide_csv.empty())
    state_->wide.emplace(paths.wide_csv, make_table_header(paths.scorer, bodyparts, kWideCoords));
  if (paths.member_tables.empty()) return;
  for (size_t i = 0; i < paths.member_tables.size(); ++i) {
    const MemberNetwork& member = ensemble.members()[i / state_->formats];
    state_->members.emplace_back(paths.member_tables[i], member.member.scorer, bodyparts);
  }
  state_->member_blocks.resize(ensemble.members().size());
  for (Poses& poses : state_->member_blocks) poses.bodyparts = bodyparts;
}

ResultFiles::~ResultFiles() = default;

void ResultFiles::append(const FrameResult& result) {
  Block& block = state_->block;
  block.poses.frame_index.push_back(result.frame_index);
  for (const ConsensusKeypoint& keypoint : result.consensus)
    block.poses.keypoints.push_back(keypoint.keypoint);
  append_extras(result, block.extras);
  if (state_->wide) state_->wide->append(std::array{result.frame_index}, wide_row(result));
  const size_t bodyparts = result.consensus.size();
  for (size_t m = 0; m < state_->member_blocks.size(); ++m) {
    Poses& poses = state_->member_blocks[m];
    poses.frame_index.push_back(result.frame_index);
    const auto begin = result.members.begin() + static_cast<std::ptrdiff_t>(m * bodyparts);
    poses.keypoints.insert(poses.keypoints.end(), begin,
                           begin + static_cast<std::ptrdiff_t>(bodyparts));
  }
  if (block.poses.num_frames() == kRowsPerBlock) state_->flush();
}

void ResultFiles::finish() {
  state_->flush();
  for (PoseTableWriter& writer : state_->consensus) writer.finish();
  for (PoseTableWriter& writer : state_->members) writer.finish();
  if (state_->wide) state_->wide->finish();
}

double estimated_bytes_per_frame(const Ensemble& ensemble, const RunOptions& options) {
  const auto bodyparts = static_cast<double>(ensemble.bodyparts().size());
  const auto members = static_cast<double>(ensemble.members().size());
  const double h5 = options.format == TableFormat::csv ? 0 : 1;
  const double csv = options.format == TableFormat::h5 ? 0 : 1;
  const double table =
      h5 * (8 + 24 * bodyparts) + csv * (6 + 54 * bodyparts);  // 18 digits a number in csv
  const double uncertainty = h5 * 8 * (1 + bodyparts * (6 + members));
  const double journal = 8 * (3 + bodyparts * (9 + 3 * members));
  const double wide = options.wide_csv ? 6 + 160 * bodyparts : 0;
  return table * (1 + (options.save_members ? members : 0)) + uncertainty + wide + journal;
}

}  // namespace posse
