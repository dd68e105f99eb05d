#include <algorithm>

#include "results/result_names.h"
#include "run/outputs/outputs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

class MetaPickle : public RunOutput {
 public:
  explicit MetaPickle(const RunSetting& setting)
      : path_(setting.paths.consensus("_meta.pickle")),
        metadata_{.scorer = setting.paths.scorer,
                  .first_frame = setting.options.frames.start,
                  .duration_seconds = setting.facts.timings.wall_seconds,
                  .frames_per_second = setting.info.fps,
                  .batch_size = setting.facts.batch_size,
                  .frame_height = setting.info.height,
                  .frame_width = setting.info.width},
        step_(setting.options.frames.step) {}

  std::string name() const override { return "meta pickle"; }
  std::vector<fs::path> files() const override { return {path_}; }
  double bytes_per_frame() const override { return 0; }

  void append(const FrameResult&) override { ++metadata_.num_frames; }
  void finish() override {
    const int64_t length = std::max<int64_t>((metadata_.num_frames - 1) * step_ + 1, 0);
    metadata_.stop_frame = metadata_.first_frame + length;
    write_meta_pickle(path_, metadata_);
  }

 private:
  fs::path path_;
  RunMetadata metadata_;
  int64_t step_;
};

}  // namespace

std::unique_ptr<RunOutput> make_meta_pickle(const RunSetting& setting) {
  return std::make_unique<MetaPickle>(setting);
}

}  // namespace posse
