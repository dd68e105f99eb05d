#include <array>
#include <optional>

#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"
#include "run/smoothed_tables.h"
#include "smoothing/filter/causal_filter.h"
#include "smoothing/models/single_camera.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// What both kinds have in common.
class SmoothedOutput : public RunOutput {
 public:
  explicit SmoothedOutput(const RunSetting& setting)
      : path_(setting.paths.smoothed(setting.options.format == TableFormat::csv ? ".csv" : ".h5")),
        scorer_(setting.paths.smoothed_scorer),
        bodyparts_(setting.ensemble.bodyparts()) {}

  std::string name() const override { return "smoothed table"; }
  std::vector<fs::path> files() const override { return {path_}; }
  double bytes_per_frame() const override {
    const auto bodyparts = static_cast<double>(bodyparts_.size());
    return path_.extension() == ".csv" ? 6 + 54 * bodyparts : 8 + 72 * bodyparts;
  }
  bool shows_consensus() const override { return false; }

 protected:
  const fs::path path_;
  const std::string scorer_;
  const std::vector<std::string> bodyparts_;
};

/// The Kalman smoother, which needs all frames.
class SmootherOutput : public SmoothedOutput {
 public:
  explicit SmootherOutput(const RunSetting& setting)
      : SmoothedOutput(setting),
        wide_(setting.options.wide_csv ? setting.paths.wide_smoothed() : fs::path()),
        num_threads_(setting.ensemble.num_threads()),
        members_(setting.ensemble.members().size(), Poses{.bodyparts = bodyparts_}) {}

  std::vector<fs::path> files() const override {
    return wide_.empty() ? std::vector{path_} : std::vector{path_, wide_};
  }

  void append(const FrameResult& result) override {
    for (size_t m = 0; m < members_.size(); ++m) {
      const std::span<const Keypoint> row = result.member(m);
      members_[m].frame_index.push_back(result.frame_index);
      members_[m].keypoints.insert(members_[m].keypoints.end(), row.begin(), row.end());
    }
  }

  void finish() override {
    const SmoothedTracks tracks = smooth_single_camera(
        members_, {.ensemble = {.allow_one_member = true}, .num_threads = num_threads_});
    write_smoothed(path_, tracks, scorer_);
    if (!wide_.empty()) write_smoothed_wide(wide_, tracks, scorer_);
  }

 private:
  fs::path wide_;
  int num_threads_;
  std::vector<Poses> members_;
};

/// Its filter, frame by frame.
class FilterOutput : public SmoothedOutput {
 public:
  explicit FilterOutput(const RunSetting& setting)
      : SmoothedOutput(setting),
        filter_(bodyparts_.size(), {.ensemble = {.allow_one_member = true}}),
        has_variance_(path_.extension() == ".h5"),
        rows_(path_, scorer_, bodyparts_, table_options()) {}

  void append(const FrameResult& result) override {
    std::vector<std::span<const Keypoint>> members;
    for (size_t m = 0; m < result.num_members(); ++m) members.push_back(result.member(m));
    if (last_frame_) filter_.skip(result.frame_index - *last_frame_ - 1);
    last_frame_ = result.frame_index;
    const CausalFrame filtered = filter_.push(members);
    if (has_variance_) {
      rows_.extra(0).insert(rows_.extra(0).end(), filtered.variance.begin(),
                            filtered.variance.end());
    }
    rows_.append(result.frame_index, filtered.keypoints);
  }
  void finish() override { rows_.finish(); }

 private:
  TableWriterOptions table_options() const {
    if (!has_variance_) return {};
    return {.extras = {{.name = "filtered_variance",
                        .axes = {"bodyparts", "xy"},
                        .extents = {static_cast<int64_t>(bodyparts_.size()), 2},
                        .description = "Variance of the filtered position, in square pixels."}}};
  }

  CausalFilter filter_;
  std::optional<int64_t> last_frame_;
  bool has_variance_;
  TableRows rows_;
};

}  // namespace

std::unique_ptr<RunOutput> make_smoothed_table(const RunSetting& setting) {
  if (setting.options.smooth == SmoothChoice::causal)
    return std::make_unique<FilterOutput>(setting);
  return std::make_unique<SmootherOutput>(setting);
}

}  // namespace posse
