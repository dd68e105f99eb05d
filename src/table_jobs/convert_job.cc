#include "table_jobs/convert_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/result_names.h"
#include "results/table/convert_table.h"
#include "results/table/table_writer.h"
#include "run/guise.h"
#include "run/outputs/model_config.h"
#include "table_jobs/job_records.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// A target whose name ends so is a file, be it one that cannot be written; else a folder.
constexpr std::array<std::string_view, 6> kFileSuffixes = {".h5",  ".csv", ".hdf5",
                                                           ".slp", ".txt", ".json"};

/// The name of the table's video. @throws Error(usage) where neither names nor options say it
std::string stem_of(const fs::path& source, const ConvertOptions& options) {
  if (!options.video.empty()) return video_stem(options.video);
  if (const auto name = parse_result_name(source)) return name->video_stem;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: its name does not say of which video it is",
                  printable(source.filename().string())),
      {.hint = options.as_member.empty() ? "name the file to write" : "name it with --video"});
}

/// What goes into the pickle; nullopt where the frames' size is not known.
std::optional<RunMetadata> metadata_of(const fs::path& source, const ConvertOptions& options) {
  std::optional<RunMetadata> metadata = metadata_beside(source);
  if (options.video.empty()) return metadata;
  const VideoInfo info = open_video(options.video)->info();
  if (!metadata) metadata.emplace();
  metadata->frames_per_second = info.fps;
  metadata->frame_height = info.height;
  metadata->frame_width = info.width;
  return metadata;
}

void write_pickle(const Member& member, const fs::path& file, RunMetadata metadata) {
  if (const auto& crop = member.config->cropping)
    metadata.cropping = {crop->x1, crop->x2, crop->y1, crop->y2};
  metadata.iteration = member.model_folder->iteration;
  metadata.training_fraction = member.training_fraction;
  metadata.model_config = model_config_of(member);
  metadata.of_pytorch = is_in_pytorch_project(member);
  write_meta_pickle(file, metadata);
}

/// @return the files
std::vector<fs::path> write_in_guise(const fs::path& source, const fs::path& folder,
                                     const ConvertOptions& options, Job& job) {
  const Member member = open_member(options.as_member);
  const std::string scorer = scorer_sought_by_deeplabcut(member);
  if (!member.config->cropping_problem.empty())
    throw Error(ErrorKind::bad_file, member.config->cropping_problem);
  const fs::path table = folder / (stem_of(source, options) + scorer + ".h5");
  check_guise(member, table);
  check_target(table, options.force);
  std::optional<RunMetadata> metadata = metadata_of(source, options);  // before anything is written
  LoadedPoses loaded = read_pose_table(source, options.read);
  for (const std::string& warning : loaded.notes.warnings)
    job.warn(source.string() + ": " + warning);
  Poses& poses = loaded.table.poses;
  poses.keypoints = in_cut_picture(poses.keypoints, member.config->cropping);
  loaded.table.scorer = scorer;
  write_pose_table(table, loaded.table,
                   {.attributes = {{"as_member", printable(member.name)}},
                    .single_precision = is_in_pytorch_project(member)});
  if (!metadata) {
    job.warn(
        "without a _meta.pickle, which DeepLabCut's labelled videos and outlier frames ask for: "
        "the "
        "size of the frames is not known (--video says it)");
    return {table};
  }
  metadata->scorer = scorer;
  metadata->num_frames = static_cast<int64_t>(poses.num_frames());
  write_pickle(member, meta_pickle_beside(table), *metadata);
  return {table, meta_pickle_beside(table)};
}

/// The file to write: of a folder, the one that DeepLabCut's names give.
fs::path target_file(const fs::path& source, const fs::path& target,
                     const ConvertOptions& options) {
  if (options.read.scorer.empty()) return target;
  const std::string suffix = ascii_lower(target.extension().string());
  const bool names_file = std::ranges::count(kFileSuffixes, suffix) > 0;
  if (names_file && !is_folder(target)) return target;
  return target / (stem_of(source, options) + options.read.scorer + ".h5");
}

std::vector<fs::path> convert(const fs::path& source, const fs::path& target,
                              const ConvertOptions& options, Job& job) {
  for (const std::string& warning :
       convert_table(source, target, options.read, options.force, options.key))
    job.warn(source.string() + ": " + warning);
  std::vector<fs::path> files = {target};
  const fs::path pickle = meta_pickle_beside(target);
  if (!options.read.scorer.empty() && path_exists(pickle)) files.push_back(pickle);
  return files;
}

}  // namespace

JobReport run_convert(const fs::path& source, const fs::path& target, const ConvertOptions& options,
                      const JobHooks& hooks) {
  if (!options.as_member.empty() && !options.key.empty()) {
    throw Error(ErrorKind::usage,
                "--as-member and --key do not go together: DeepLabCut's tools "
                "look for a table of the usual key");
  }
  Job job(hooks);
  job.progress("converting", 0, 1, "tables");
  job.report.files = options.as_member.empty()
                         ? convert(source, target_file(source, target, options), options, job)
                         : write_in_guise(source, target, options, job);
  job.report.record = record_beside(job.report.files.front());
  write_record(options, source, job.report);
  return job.report;
}

}  // namespace posse
