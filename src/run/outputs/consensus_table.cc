#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/text.h"
#include "calibration/calibration.h"
#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"
#include "run/outputs/track_arrays.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Places of the plain datasets in extra_arrays().
constexpr size_t kTime = 0;
constexpr size_t kMembersStd = 1;
constexpr size_t kMapCovariance = 2;
constexpr size_t kNumMembers = 3;
constexpr size_t kMemberDistance = 4;
constexpr size_t kTrack = 5;  ///< the first of those of a track

std::vector<ExtraArray> calibrated_arrays(int64_t bodyparts) {
  return {{.name = "covariance",
           .axes = {"bodyparts", "xx_xy_yy"},
           .extents = {bodyparts, 3},
           .description = "Calibrated covariance of the position, in square pixels."},
          {.name = "radius90",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Radius of the circle as large as the region that holds the truth in "
                          "90 % of the cases, in pixels; of the bodyparts in the attribute "
                          "calibration_pooled_bodyparts not measured but that of all together."},
          {.name = "likelihood_calibrated",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Chance that the truth lies within the attribute calibration_radius "
                          "(pixels) of the position."}};
}

std::vector<ExtraArray> extra_arrays(const Ensemble& ensemble, bool track, bool calibrated) {
  const auto bodyparts = static_cast<int64_t>(ensemble.bodyparts().size());
  const auto members = static_cast<int64_t>(ensemble.members().size());
  std::vector<ExtraArray> arrays = {
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
  if (track) {
    for (ExtraArray& array : track_arrays(bodyparts)) arrays.push_back(std::move(array));
  }
  if (calibrated) {
    for (ExtraArray& array : calibrated_arrays(bodyparts)) arrays.push_back(std::move(array));
  }
  return arrays;
}

std::string list_of_names(const Ensemble& ensemble) {
  std::string names;
  for (const MemberNetwork& member : ensemble.members())
    names += (names.empty() ? "" : "\n") + printable(member.name);
  return names;
}

/// Bodyparts of which the calibration states what holds of all together, one in a line.
std::string pooled_names(const RunSetting& setting) {
  const Calibration calibration = read_calibration(setting.options.calibration);
  const std::vector<std::string>& pooled = calibration.pooled_bodyparts;
  std::string names;
  for (const std::string& name : setting.ensemble.bodyparts()) {
    if (std::find(pooled.begin(), pooled.end(), name) != pooled.end())
      names += (names.empty() ? "" : "\n") + printable(name);
  }
  return names;
}

class ConsensusTable : public RunOutput {
 public:
  ConsensusTable(const RunSetting& setting, const std::string& suffix, bool is_second)
      : is_h5_(suffix == ".h5"),
        is_track_(setting.consensus == RunConsensus::track),
        is_calibrated_(!setting.options.calibration.empty()),
        num_bodyparts_(static_cast<double>(setting.ensemble.bodyparts().size())),
        num_members_(static_cast<double>(setting.ensemble.members().size())),
        rows_(is_second ? setting.paths.second_csv() : setting.paths.consensus(suffix),
              setting.paths.scorer, setting.ensemble.bodyparts(),
              is_h5_ ? with_extras(setting) : TableWriterOptions()) {}

  std::string name() const override {
    return fmt::format("consensus table ({})", is_h5_ ? "h5" : "csv");
  }
  std::vector<fs::path> files() const override { return {rows_.path()}; }
  double bytes_per_frame() const override {
    if (!is_h5_) return 6 + 54 * num_bodyparts_;  // 18 digits a number
    const double of_stages = (is_track_ ? 9 : 0) + (is_calibrated_ ? 5 : 0);
    return 8 + 24 * num_bodyparts_ + 8 * (1 + num_bodyparts_ * (6 + of_stages + num_members_));
  }

  void append(const FrameResult& result) override {
    if (is_h5_) append_extras(result);
    keypoints_.clear();
    for (const ConsensusKeypoint& keypoint : result.consensus)
      keypoints_.push_back(keypoint.keypoint);
    rows_.append(result.frame_index, keypoints_);
  }
  void finish() override { rows_.finish(); }

 private:
  static TableWriterOptions with_extras(const RunSetting& setting) {
    TableWriterOptions options{
        .extras = extra_arrays(setting.ensemble, setting.consensus == RunConsensus::track,
                               !setting.options.calibration.empty()),
        .attributes = {{"consensus", std::string(name_of(setting.consensus))},
                       {"members", list_of_names(setting.ensemble)}}};
    if (!setting.options.calibration.empty()) {
      options.attributes.emplace_back("calibration",
                                      sha256_of_file(setting.options.calibration) +
                                          (setting.options.force_calibration ? " forced" : ""));
      options.attributes.emplace_back("calibration_radius",
                                      fmt::format("{}", setting.options.radius));
      const std::string pooled = pooled_names(setting);
      if (!pooled.empty()) options.attributes.emplace_back("calibration_pooled_bodyparts", pooled);
    }
    return options;
  }
  void append_extras(const FrameResult& result);
  void append_track(const FrameResult& result);
  void append_calibrated(const FrameResult& result);

  bool is_h5_;
  bool is_track_;
  bool is_calibrated_;
  double num_bodyparts_;
  double num_members_;
  TableRows rows_;
  std::vector<Keypoint> keypoints_;
};

void ConsensusTable::append_extras(const FrameResult& result) {
  rows_.extra(kTime).push_back(result.time_seconds);
  for (const ConsensusKeypoint& keypoint : result.consensus) {
    const Covariance& covariance = keypoint.map_covariance;
    for (const double value : {keypoint.std_x, keypoint.std_y})
      rows_.extra(kMembersStd).push_back(value);
    for (const double value : {covariance.xx, covariance.xy, covariance.yy})
      rows_.extra(kMapCovariance).push_back(value);
    rows_.extra(kNumMembers).push_back(keypoint.num_members);
  }
  for (size_t m = 0; m < result.num_members(); ++m) {
    const std::span<const Keypoint> member = result.member(m);
    for (size_t j = 0; j < member.size(); ++j) {
      const Keypoint& consensus = result.consensus[j].keypoint;
      rows_.extra(kMemberDistance)
          .push_back(std::hypot(member[j].x - consensus.x, member[j].y - consensus.y));
    }
  }
  if (is_track_) append_track(result);
  if (is_calibrated_) append_calibrated(result);
}

void ConsensusTable::append_calibrated(const FrameResult& result) {
  const size_t first = is_track_ ? kTrack + kNumTrackArrays : kTrack;
  for (const CalibratedPoint& point : result.calibrated) {
    for (const double value : {point.covariance.xx, point.covariance.xy, point.covariance.yy})
      rows_.extra(first).push_back(value);
    rows_.extra(first + 1).push_back(point.radius90);
    rows_.extra(first + 2).push_back(point.chance_within);
  }
}

void ConsensusTable::append_track(const FrameResult& result) {
  std::vector<std::vector<double>> values(kNumTrackArrays);
  for (const TrackedKeypoint& tracked : result.track) append_track_values(tracked, values);
  for (size_t k = 0; k < values.size(); ++k) {
    std::vector<double>& rows = rows_.extra(kTrack + k);
    rows.insert(rows.end(), values[k].begin(), values[k].end());
  }
}

}  // namespace

std::unique_ptr<RunOutput> make_consensus_table(const RunSetting& setting,
                                                const std::string& suffix, bool is_second) {
  return std::make_unique<ConsensusTable>(setting, suffix, is_second);
}

}  // namespace posse
