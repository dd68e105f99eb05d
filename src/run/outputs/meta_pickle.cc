#include "run/outputs/meta_pickle.h"

#include "results/result_names.h"
#include "run/outputs/model_config.h"
#include "run/outputs/outputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

class MetaPickle : public RunOutput {
 public:
  explicit MetaPickle(const RunSetting& setting)
      : path_(setting.paths.consensus("_meta.pickle")), setting_(setting) {}

  std::string name() const override { return "meta pickle"; }
  std::vector<fs::path> files() const override { return {path_}; }
  double bytes_per_frame() const override { return 0; }

  void append(const FrameResult&) override { ++num_frames_; }
  void finish() override {
    write_run_meta(path_, setting_.paths.scorer, setting_, setting_.ensemble.members().front(),
                   num_frames_);
  }

 private:
  fs::path path_;
  const RunSetting& setting_;
  int64_t num_frames_ = 0;
};

}  // namespace

void write_run_meta(const fs::path& path, const std::string& scorer, const RunSetting& setting,
                    const MemberNetwork& member, int64_t num_frames,
                    const std::optional<CropBox>& crop) {
  RunMetadata metadata{.scorer = scorer,
                       .start_seconds = setting.facts.started_seconds,
                       .stop_seconds = setting.facts.finished_seconds,
                       .frames_per_second = setting.info.fps,
                       .batch_size = setting.ensemble.batch_norm_frames(),
                       .frame_height = setting.info.height,
                       .frame_width = setting.info.width,
                       .num_frames = num_frames,
                       .training_fraction = member.member.training_fraction,
                       .model_config = model_config_of(member.member),
                       .of_pytorch = is_in_pytorch_project(member.member)};
  if (crop) metadata.cropping = {crop->x1, crop->x2, crop->y1, crop->y2};
  if (member.member.model_folder) {
    metadata.iteration = member.member.model_folder->iteration;
  } else if (member.member.config) {
    metadata.iteration = member.member.config->iteration;
  }
  write_meta_pickle(path, metadata);
}

std::unique_ptr<RunOutput> make_meta_pickle(const RunSetting& setting) {
  return std::make_unique<MetaPickle>(setting);
}

}  // namespace posse
