#include "run/result_paths.h"

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

}  // namespace

std::string result_stem(const fs::path& video) {
  const fs::path whole = fs::absolute(video).lexically_normal();
  if (!fs::is_directory(video)) return video_stem(whole);
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

fs::path ResultPaths::consensus(std::string_view suffix) const {
  return folder / (stem + scorer + std::string(suffix));
}

fs::path ResultPaths::member(const MemberNetwork& member, std::string_view suffix) const {
  return folder / "members" / member.name / (stem + member.member.scorer + std::string(suffix));
}

fs::path ResultPaths::wide(const std::string& of_scorer) const {
  return folder / "wide" / (stem + of_scorer + ".csv");
}

fs::path ResultPaths::smoothed(std::string_view suffix) const {
  return folder / "smoothed" / (stem + smoothed_scorer + std::string(suffix));
}

ResultPaths result_paths(const Ensemble& ensemble, const fs::path& video, const fs::path& out,
                         const RunOptions& options) {
  const std::string stem = result_stem(video);
  const fs::path folder = out / stem;
  const auto scorer_of = [&](std::string_view method) {
    return ensemble_scorer(method, common_task(ensemble), ensemble.members().size());
  };
  return {.folder = folder,
          .record = folder / "run.json",
          .journal = folder / ".posse-journal",
          .stem = stem,
          .scorer = scorer_of(name_of(options.consensus)),
          .smoothed_scorer =
              options.smooth == SmoothChoice::off ? "" : scorer_of(name_of(options.smooth))};
}

}  // namespace posse
