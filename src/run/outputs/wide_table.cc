#include <array>
#include <cmath>
#include <optional>

#include "consensus/keypoint_consensus.h"
#include "results/table/table_writer.h"
#include "run/outputs/outputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// The columns of eks for a consensus: what its smoother calls posterior variance is here the
/// variance of the consensus map.
const std::vector<std::string> kWideCoords = {
    "x",         "y",         "likelihood",      "x_ens_median",   "y_ens_median",
    "x_ens_var", "y_ens_var", "x_posterior_var", "y_posterior_var"};

/// Beside them for a track, whose covariance then is the posterior one.
const std::vector<std::string> kTrackCoords = {
    "chance", "chance_seen", "x_second", "y_second", "chance_second", "seen", "xy_posterior_cov"};

std::vector<std::string> coords_of(const RunSetting& setting) {
  std::vector<std::string> coords = kWideCoords;
  if (setting.consensus == RunConsensus::track)
    coords.insert(coords.end(), kTrackCoords.begin(), kTrackCoords.end());
  return coords;
}

std::vector<double> wide_row(const FrameResult& result) {
  std::vector<double> row;
  std::vector<Keypoint> members(result.num_members());
  for (size_t j = 0; j < result.consensus.size(); ++j) {
    for (size_t m = 0; m < members.size(); ++m) members[m] = result.member(m)[j];
    const Keypoint median = consensus_of_keypoints(members, {}).keypoint;
    const ConsensusKeypoint& own = result.consensus[j];
    const bool is_tracked = !result.track.empty();
    const Covariance& covariance = is_tracked ? result.track[j].covariance : own.map_covariance;
    row.insert(row.end(),
               {own.keypoint.x, own.keypoint.y, own.keypoint.likelihood, median.x, median.y,
                own.std_x * own.std_x, own.std_y * own.std_y, covariance.xx, covariance.yy});
    if (!is_tracked) continue;
    const TrackedKeypoint& tracked = result.track[j];
    const OtherPlace second = tracked.second.value_or(OtherPlace{std::nan(""), std::nan(""), 0});
    row.insert(row.end(), {tracked.chance, tracked.chance_seen, second.x, second.y, second.chance,
                           tracked.seen ? 1.0 : 0.0, covariance.xy});
  }
  return row;
}

class WideTable : public RunOutput {
 public:
  explicit WideTable(const RunSetting& setting)
      : path_(setting.paths.wide()),
        scorer_(setting.paths.scorer),
        coords_(coords_of(setting)),
        bodyparts_(setting.ensemble.bodyparts()) {}

  std::string name() const override { return "wide table"; }
  std::vector<fs::path> files() const override { return {path_}; }
  double bytes_per_frame() const override {
    return 6 + 18 * static_cast<double>(coords_.size() * bodyparts_.size());
  }

  void append(const FrameResult& result) override {
    writer().append(std::array{result.frame_index}, wide_row(result));
  }
  void finish() override { writer().finish(); }

 private:
  TableWriter& writer() {
    if (!writer_) writer_.emplace(path_, make_table_header(scorer_, bodyparts_, coords_));
    return *writer_;
  }

  fs::path path_;
  std::string scorer_;
  std::vector<std::string> coords_;
  std::vector<std::string> bodyparts_;
  std::optional<TableWriter> writer_;
};

}  // namespace

std::unique_ptr<RunOutput> make_wide_table(const RunSetting& setting) {
  return std::make_unique<WideTable>(setting);
}

}  // namespace posse
