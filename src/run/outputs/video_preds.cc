#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"
#include "run/run_record.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Source of the scorer: lightning_pose/utils/predictions.py.
class VideoPreds : public RunOutput {
 public:
  VideoPreds(const RunSetting& setting, size_t m)
      : m_(m),
        setting_(setting),
        rows_(setting.paths.video_preds(setting.ensemble.members()[m]),
              setting.ensemble.members()[m].member.torch->model_type + "_tracker",
              setting.ensemble.bodyparts()) {}

  std::string name() const override {
    return fmt::format("table in the model folder of {}", setting_.ensemble.members()[m_].name);
  }
  std::vector<fs::path> files() const override { return {rows_.path()}; }
  double bytes_per_frame() const override {
    return 6 + 54 * static_cast<double>(setting_.ensemble.bodyparts().size());
  }
  bool shows_consensus() const override { return false; }

  void check() const override {
    if (!path_exists(rows_.path()) || was_written_by_this_run()) return;
    throw Error(ErrorKind::usage,
                fmt::format("{}: is there already, and this run did not write it: it is never "
                            "replaced",
                            printable(rows_.path().string())),
                {.hint = "move it away, or leave out --video-preds"});
  }
  void append(const FrameResult& result) override {
    rows_.append(result.frame_index, result.member(m_));
  }
  void finish() override { rows_.finish(); }

 private:
  bool was_written_by_this_run() const {
    const auto recorded = read_run_record(setting_.paths.record);
    if (!recorded) return false;
    const std::string name = setting_.paths.name_in_record(rows_.path());
    return std::find(recorded->files.begin(), recorded->files.end(), name) != recorded->files.end();
  }

  size_t m_;
  const RunSetting& setting_;
  TableRows rows_;
};

bool is_of_lightning_pose(const MemberNetwork& member) {
  return member.member.torch && member.member.torch->tool == TorchTool::lightning_pose;
}

}  // namespace

std::vector<std::unique_ptr<RunOutput>> make_video_preds(const RunSetting& setting) {
  const std::vector<MemberNetwork>& members = setting.ensemble.members();
  std::vector<std::unique_ptr<RunOutput>> outputs;
  for (size_t m = 0; m < members.size(); ++m) {
    if (is_of_lightning_pose(members[m]))
      outputs.push_back(std::make_unique<VideoPreds>(setting, m));
  }
  if (outputs.empty()) {
    throw Error(ErrorKind::usage,
                "--video-preds writes into model folders of Lightning Pose; no member is one");
  }
  return outputs;
}

}  // namespace posse
