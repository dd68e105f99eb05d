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

std::vector<std::string> suffixes(TableFormat format) {
  if (format == TableFormat::h5) return {".h5"};
  if (format == TableFormat::csv) return {".csv"};
  return {".h5", ".csv"};
}

}  // namespace

std::string result_stem(const fs::path& video) {
  const fs::path whole = fs::absolute(video).lexically_normal();
  if (!fs::is_directory(video)) return video_stem(whole);
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

std::vector<fs::path> ResultPaths::final_files(const RunOptions& options) const {
  std::vector<fs::path> files;
  if (options.format != TableFormat::csv) files.push_back(h5);
  if (options.format != TableFormat::h5) files.push_back(csv);
  files.push_back(meta_pickle);
  files.insert(files.end(), member_tables.begin(), member_tables.end());
  for (const fs::path& file : {wide_csv, smoothed, smoothed_wide_csv, labeled_video}) {
    if (!file.empty()) files.push_back(file);
  }
  files.push_back(record);
  return files;
}

ResultPaths result_paths(const Ensemble& ensemble, const fs::path& video, const fs::path& out,
                         const RunOptions& options) {
  const std::string stem = result_stem(video);
  const fs::path folder = out / stem;
  ResultPaths paths{
      .folder = folder, .record = folder / "run.json", .journal = folder / ".posse-journal"};
  paths.scorer =
      ensemble_scorer(name_of(options.consensus), common_task(ensemble), ensemble.members().size());
  paths.h5 = folder / (stem + paths.scorer + ".h5");
  paths.csv = folder / (stem + paths.scorer + ".csv");
  paths.meta_pickle = folder / (stem + paths.scorer + "_meta.pickle");
  if (options.wide_csv) paths.wide_csv = folder / "wide" / (stem + paths.scorer + ".csv");
  if (options.smooth != SmoothChoice::off) {
    const std::string scorer =
        ensemble_scorer(name_of(options.smooth), common_task(ensemble), ensemble.members().size());
    const char* suffix = options.format == TableFormat::csv ? ".csv" : ".h5";
    paths.smoothed = folder / "smoothed" / (stem + scorer + suffix);
    if (options.wide_csv && options.smooth == SmoothChoice::kalman)
      paths.smoothed_wide_csv = folder / "wide" / (stem + scorer + ".csv");
  }
  if (options.labeled_video) paths.labeled_video = folder / (stem + paths.scorer + "_labeled.mp4");
  if (!options.save_members) return paths;
  for (const MemberNetwork& member : ensemble.members()) {
    for (const std::string& suffix : suffixes(options.format)) {
      paths.member_tables.push_back(folder / "members" / member.name /
                                    (stem + member.member.scorer + suffix));
    }
  }
  return paths;
}

}  // namespace posse
