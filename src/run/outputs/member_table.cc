#include <fmt/format.h>

#include "results/full_pickle.h"
#include "run/outputs/meta_pickle.h"
#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

class MemberTable : public RunOutput {
 public:
  MemberTable(const RunSetting& setting, size_t m, const std::string& suffix, bool is_second)
      : m_(m),
        setting_(setting),
        name_(
            fmt::format("table of {} ({})", setting.ensemble.members()[m].name, suffix.substr(1))),
        is_h5_(suffix == ".h5"),
        rows_(setting.paths.member(setting.ensemble.members()[m], suffix, is_second),
              scorer_of(setting.ensemble.members()[m]), setting.ensemble.bodyparts(),
              {.single_precision = is_in_pytorch_project(setting.ensemble.members()[m].member)}),
        meta_(is_second ? fs::path()
                        : setting.paths.member(setting.ensemble.members()[m], "_meta.pickle")),
        num_bodyparts_(static_cast<double>(setting.ensemble.bodyparts().size())) {
    const MemberNetwork& member = setting.ensemble.members()[m];
    if (is_second || !is_in_pytorch_project(member.member)) return;
    full_.emplace(setting.paths.member(member, "_full.pickle"), setting.ensemble.bodyparts(),
                  setting.num_frames);
  }

  std::string name() const override { return name_; }
  std::vector<fs::path> files() const override {
    std::vector<fs::path> files = {rows_.path()};
    if (!meta_.empty()) files.push_back(meta_);
    if (full_) files.push_back(full_->path());
    return files;
  }
  double bytes_per_frame() const override {
    const double of_table = is_h5_ ? 8 + 24 * num_bodyparts_ : 6 + 54 * num_bodyparts_;
    return of_table + (full_ ? full_->bytes_per_frame() : 0);
  }
  bool shows_consensus() const override { return false; }

  void append(const FrameResult& result) override {
    rows_.append(result.frame_index, result.member(m_));
    if (full_) full_->append(result.frame_index, result.member(m_));
    ++num_frames_;
  }
  void finish() override {
    rows_.finish();
    if (full_) full_->finish();
    const MemberNetwork& member = setting_.ensemble.members()[m_];
    if (!meta_.empty()) write_run_meta(meta_, scorer_of(member), setting_, member, num_frames_);
  }

 private:
  size_t m_;
  const RunSetting& setting_;
  std::string name_;
  bool is_h5_;
  TableRows rows_;
  fs::path meta_;
  std::optional<FullPickleWriter> full_;  ///< of DeepLabCut 3's PyTorch engine
  int64_t num_frames_ = 0;
  double num_bodyparts_;
};

}  // namespace

std::unique_ptr<RunOutput> make_member_table(const RunSetting& setting, size_t m,
                                             const std::string& suffix, bool is_second) {
  return std::make_unique<MemberTable>(setting, m, suffix, is_second);
}

}  // namespace posse
