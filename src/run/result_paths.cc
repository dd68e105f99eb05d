#include "run/result_paths.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/result_names.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// The Task of the members' projects, if they all have the same.
std::string common_task(const Ensemble& ensemble) {
  std::string task;
  for (const MemberNetwork& member : ensemble.members()) {
    const std::string own = member.member.config ? member.member.config->task : "";
    if (&member == &ensemble.members().front()) task = own;
    if (own != task) return "";
  }
  return task;
}

/// The rule that the snapshot was trained for.
DecodeRule own_rule(const MemberNetwork& member) {
  switch (member.member.snapshot.parsed.kind) {
    case SnapshotKind::dgp:
      return DecodeRule::dgp;
    case SnapshotKind::lp:
      return DecodeRule::lp;
    case SnapshotKind::dlc:
    case SnapshotKind::dlc3:
      return DecodeRule::dlc;
  }
  POSSE_ASSERT(false);
}

/// "mean", or "mean-dgp" where a member is read by another rule than its own: other numbers have
/// another name.
std::string method_of(const Ensemble& ensemble, std::string_view method) {
  std::string name(method);
  for (const MemberNetwork& member : ensemble.members()) {
    if (member.rule != own_rule(member)) return name + "-" + std::string(to_string(member.rule));
  }
  return name;
}

std::string scorer_with(const Ensemble& ensemble, std::string_view method) {
  return ensemble_scorer(method_of(ensemble, method), common_task(ensemble),
                         ensemble.members().size());
}

/// "<out>-extras", beside it. Of ".", "..", and what ends in them, the name is that of the folder.
fs::path folder_of_extras(const fs::path& out) {
  fs::path plain = out.lexically_normal();
  if (!plain.has_filename()) plain = plain.parent_path();
  const fs::path name = plain.filename();
  if (name != "." && name != "..") return plain.parent_path() / (name.string() + "-extras");
  const fs::path whole = (fs::absolute(plain) / "").lexically_normal().parent_path();
  return plain / ".." / (whole.filename().string() + "-extras");
}

}  // namespace

std::string result_stem(const fs::path& video) {
  const fs::path whole = absolute_path(video);
  if (!is_folder(video)) return video_stem(whole);
  return without_control_characters(
      (whole.has_filename() ? whole : whole.parent_path()).filename().string());
}

std::string scorer_of(const MemberNetwork& member) {
  std::string scorer = without_control_characters(member.member.scorer);
  if (member.rule == own_rule(member)) return scorer;
  return scorer + "-" + std::string(to_string(member.rule));
}

fs::path ResultPaths::consensus(std::string_view suffix) const {
  return folder / (stem + scorer + std::string(suffix));
}

fs::path ResultPaths::second_csv() const { return extras / "csv" / (stem + scorer + ".csv"); }

fs::path ResultPaths::member(const MemberNetwork& member, std::string_view suffix,
                             bool is_second) const {
  return extras / (is_second ? "members-csv" : "members") /
         without_control_characters(member.name) / (stem + scorer_of(member) + std::string(suffix));
}

fs::path ResultPaths::as_member(const MemberNetwork& member, std::string_view suffix) const {
  return extras / "as-member" / without_control_characters(member.name) /
         (stem + scorer_sought_by_deeplabcut(member.member) + std::string(suffix));
}

fs::path ResultPaths::video_preds(const MemberNetwork& member) const {
  return member.member.torch->file.parent_path() / "video_preds" / (stem + ".csv");
}

fs::path ResultPaths::wide() const { return extras / "wide" / (stem + scorer + ".csv"); }

fs::path ResultPaths::wide_smoothed() const {
  return extras / "wide-smoothed" / (stem + smoothed_scorer + ".csv");
}

fs::path ResultPaths::smoothed(std::string_view suffix) const {
  return extras / "smoothed" / (stem + smoothed_scorer + std::string(suffix));
}

std::vector<fs::path> ResultPaths::earlier_places(const fs::path& file) const {
  const fs::path below = file.lexically_relative(extras);
  if (below.empty() || *below.begin() == "..") return {};
  const fs::path kind = *below.begin();
  std::vector<fs::path> places = {earlier_extras / below, folder / below};
  if (kind == "csv") places.back() = folder / file.filename();
  if (kind == "wide-smoothed") places.back() = folder / "wide" / file.filename();
  if (kind == "members-csv") places.back() = folder / "members" / below.lexically_relative(kind);
  return places;
}

std::string ResultPaths::name_in_record(const fs::path& file) const {
  const fs::path relative = file.lexically_relative(folder);
  return printable((relative.empty() ? absolute_path(file) : relative).string());
}

std::string consensus_scorer(const Ensemble& ensemble, RunConsensus consensus) {
  return scorer_with(ensemble, name_of(consensus));
}

ResultPaths result_paths(const Ensemble& ensemble, const fs::path& video, const fs::path& out,
                         const RunOptions& options) {
  const std::string stem = result_stem(video);
  const fs::path folder = out / stem;
  const fs::path extras = options.extras.empty() ? folder_of_extras(out) : fs::path(options.extras);
  if (absolute_path(folder) == absolute_path(extras)) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: would be the folder of this video's results and of all members' "
                            "and further tables",
                            folder.string()),
                {.hint = "--extras FOLDER puts those elsewhere"});
  }
  // One member has no spread to measure its error by.
  const std::string smoothed = std::string(name_of(options.smooth)) +
                               (ensemble.members().size() == 1 ? "-uncalibrated" : "");
  return {.folder = folder,
          .extras = extras,
          .earlier_extras = out / "extras",
          .record = folder / "run.json",
          .journal = folder / ".posse-journal",
          .stem = stem,
          .scorer = {},
          .smoothed_scorer =
              options.smooth == SmoothChoice::off ? "" : scorer_with(ensemble, smoothed)};
}

}  // namespace posse
