#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "results/full_pickle.h"
#include "run/guise.h"
#include "run/outputs/meta_pickle.h"
#include "run/outputs/outputs.h"
#include "run/outputs/table_rows.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

bool has_name(const MemberNetwork& member, const std::string& name) { return member.name == name; }

/// Whether `path` leads to the member, as --members does.
bool lies_at(const MemberNetwork& member, const std::string& path) {
  std::error_code missing;
  return fs::equivalent(member.member.path, path, missing);
}

/// Found by name, else by path, with a slash at its end or without.
const MemberNetwork& named_member(const RunSetting& setting) {
  const std::vector<MemberNetwork>& members = setting.ensemble.members();
  const std::string& name = setting.options.as_member;
  for (const auto& fits : {&has_name, &lies_at}) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const MemberNetwork& each) { return fits(each, name); });
    if (found != members.end()) return *found;
  }
  std::vector<std::string> names;
  for (const MemberNetwork& member : members) names.push_back(printable(member.name));
  const std::string plain = fs::path(name).lexically_normal().parent_path().filename().string();
  const auto found = std::find_if(members.begin(), members.end(), [&](const MemberNetwork& each) {
    return name.ends_with('/') && has_name(each, plain);
  });
  if (found != members.end()) return *found;
  throw Error(ErrorKind::usage, fmt::format("no member is called '{}'", printable(name)),
              {.have = list_names(names)});
}

class MemberGuise : public RunOutput {
 public:
  explicit MemberGuise(const RunSetting& setting)
      : setting_(setting),
        member_(named_member(setting)),
        scorer_(scorer_sought_by_deeplabcut(member_.member)),
        rows_(setting.paths.as_member(member_, ".h5"), scorer_, setting.ensemble.bodyparts(),
              {.attributes = {{"consensus", std::string(name_of(setting.consensus))},
                              {"as_member", printable(member_.name)}},
               .single_precision = is_in_pytorch_project(member_.member)}),
        meta_(setting.paths.as_member(member_, "_meta.pickle")) {
    if (!is_in_pytorch_project(member_.member)) return;
    full_.emplace(setting.paths.as_member(member_, "_full.pickle"), setting.ensemble.bodyparts(),
                  setting.num_frames);
  }

  std::string name() const override { return "table for DeepLabCut's tools"; }
  std::vector<fs::path> files() const override {
    std::vector<fs::path> files = {rows_.path(), meta_};
    if (full_) files.push_back(full_->path());
    return files;
  }
  double bytes_per_frame() const override {
    return 8 + 24 * static_cast<double>(setting_.ensemble.bodyparts().size()) +
           (full_ ? full_->bytes_per_frame() : 0);
  }
  void check() const override { check_guise(member_.member, rows_.path()); }

  void append(const FrameResult& result) override {
    keypoints_.clear();
    for (const ConsensusKeypoint& keypoint : result.consensus)
      keypoints_.push_back(keypoint.keypoint);
    const std::vector<Keypoint> moved = in_cut_picture(keypoints_, member_.crop);
    rows_.append(result.frame_index, moved);
    if (full_) full_->append(result.frame_index, moved);
    ++num_frames_;
  }
  void finish() override {
    rows_.finish();
    if (full_) full_->finish();
    write_run_meta(meta_, scorer_, setting_, member_, num_frames_, member_.crop);
  }

 private:
  const RunSetting& setting_;
  const MemberNetwork& member_;
  std::string scorer_;
  TableRows rows_;
  fs::path meta_;
  std::optional<FullPickleWriter> full_;  ///< of DeepLabCut 3's PyTorch engine
  std::vector<Keypoint> keypoints_;
  int64_t num_frames_ = 0;
};

}  // namespace

std::unique_ptr<RunOutput> make_member_guise(const RunSetting& setting) {
  return std::make_unique<MemberGuise>(setting);
}

}  // namespace posse
