#include <fmt/format.h>

#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

class MemberTable : public RunOutput {
 public:
  MemberTable(const RunSetting& setting, size_t m, const std::string& suffix)
      : m_(m),
        name_(
            fmt::format("table of {} ({})", setting.ensemble.members()[m].name, suffix.substr(1))),
        is_h5_(suffix == ".h5"),
        rows_(setting.paths.member(setting.ensemble.members()[m], suffix),
              setting.ensemble.members()[m].member.scorer, setting.ensemble.bodyparts()),
        num_bodyparts_(static_cast<double>(setting.ensemble.bodyparts().size())) {}

  std::string name() const override { return name_; }
  std::vector<fs::path> files() const override { return {rows_.path()}; }
  double bytes_per_frame() const override {
    return is_h5_ ? 8 + 24 * num_bodyparts_ : 6 + 54 * num_bodyparts_;  // 18 digits a number
  }
  bool shows_consensus() const override { return false; }

  void append(const FrameResult& result) override {
    rows_.append(result.frame_index, result.member(m_));
  }
  void finish() override { rows_.finish(); }

 private:
  size_t m_;
  std::string name_;
  bool is_h5_;
  TableRows rows_;
  double num_bodyparts_;
};

}  // namespace

std::unique_ptr<RunOutput> make_member_table(const RunSetting& setting, size_t m,
                                             const std::string& suffix) {
  return std::make_unique<MemberTable>(setting, m, suffix);
}

}  // namespace posse
