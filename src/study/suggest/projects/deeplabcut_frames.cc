#include "study/suggest/projects/deeplabcut_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "project/config_text.h"
#include "results/result_names.h"
#include "study/suggest/projects/machine_labels.h"
#include "video/image_file.h"
#include "video/video_frames.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

Image cut(const Image& image, const CropBox& box) {
  Image part(box.x2 - box.x1, box.y2 - box.y1);
  for (int row = 0; row < part.height; ++row)
    std::memcpy(part.pixel(row, 0), image.pixel(row + box.y1, box.x1),
                static_cast<size_t>(part.width) * 3);
  return part;
}

/// A picture of the folder, if it has one.
std::optional<fs::path> a_picture_in(const fs::path& folder) {
  if (!is_folder(folder)) return std::nullopt;
  for (const fs::path& file : entries_of_folder(folder))
    if (has_picture_extension(file)) return file;
  return std::nullopt;
}

/// The rows of the project's hand labels, of the first csv that there is.
CsvRowStyle style_of_project(const fs::path& labelled, const fs::path& data) {
  std::vector<fs::path> folders = {data};
  if (is_folder(labelled))
    for (const fs::path& folder : entries_of_folder(labelled)) folders.push_back(folder);
  for (const fs::path& folder : folders) {
    if (!is_folder(folder)) continue;
    for (const fs::path& file : entries_of_folder(folder)) {
      if (file.filename().string().starts_with("CollectedData") && file.extension() == ".csv")
        return row_style_of(read_file(file));
    }
  }
  return {};
}

std::string scorer_of(const FinishedFacts& facts) {
  const auto name = parse_result_name(facts.table);
  return name ? name->scorer : "posse";
}

}  // namespace

/// What is written of one video.
struct DeepLabCutFrames::VideoPlan {
  size_t video = 0;
  fs::path data;          ///< labeled-data/<stem>
  size_t width = 0;       ///< of the numbers
  CropBox box;            ///< of the pictures in the frame
  bool is_known = false;  ///< video_sets has it
  std::vector<const Suggestion*> frames;

  std::string name_of(int64_t frame) const { return fmt::format("img{:0{}}.png", frame, width); }
};

DeepLabCutFrames::DeepLabCutFrames(const fs::path& folder)
    : FrameProject(folder),
      config_(read_project_config(folder / "config.yaml")),
      config_text_(read_file(config_.file)) {}

std::optional<CropBox> DeepLabCutFrames::crop_of(const std::string& stem, const fs::path& data,
                                                 int width, int height) const {
  std::optional<CropBox> crop;
  for (const VideoSet& set : config_.video_sets)
    if (stem_of_written_path(set.key) == stem) crop = set.crop;
  const bool fits = crop && crop->x1 >= 0 && crop->y1 >= 0 && crop->x2 <= width &&
                    crop->y2 <= height && crop->x1 < crop->x2 && crop->y1 < crop->y2;
  if (const auto picture = a_picture_in(data)) {
    const Image image = read_image(*picture);
    if (image.width == width && image.height == height) return std::nullopt;
    if (fits && image.width == crop->x2 - crop->x1 && image.height == crop->y2 - crop->y1)
      return crop;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is {}x{}, neither the video's frames ({}x{}) nor the crop of "
                            "video_sets in {}",
                            picture->string(), image.width, image.height, width, height,
                            config_.file.filename().string()),
                {.hint = "pictures of two sizes in one folder cannot be trained on together: set "
                         "the video's crop in video_sets to the part that these pictures show"});
  }
  if (!config_.cropping && config_.cropping_problem.empty()) return std::nullopt;
  if (crop && !fits) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the crop of {} in video_sets is no part of its frames ({}x{})",
                            config_.file.string(), stem, width, height));
  }
  return crop;
}

DeepLabCutFrames::VideoPlan DeepLabCutFrames::plan_video(const Suggestions& suggestions,
                                                         size_t video) const {
  const SuggestedVideo& suggested = suggestions.videos[video];
  const std::string& stem = suggested.facts.stem;
  VideoPlan plan{
      .video = video, .data = data_folder() / "labeled-data" / stem, .box = {}, .frames = {}};
  for (const Suggestion& frame : suggestions.frames)
    if (frame.video == video) plan.frames.push_back(&frame);
  const VideoInfo info = open_video(suggested.video.file)->info();
  plan.box = {.x1 = 0, .x2 = info.width, .y1 = 0, .y2 = info.height};
  if (const auto crop = crop_of(stem, plan.data, info.width, info.height)) plan.box = *crop;
  const FinishedFacts& facts = suggested.facts;
  const auto count = static_cast<double>(
      std::max({facts.num_decoded, facts.num_in_container, facts.num_frames, int64_t{2}}));
  plan.width = number_width_in(plan.data);
  if (plan.width == 0) plan.width = static_cast<size_t>(std::ceil(std::log10(count)));
  plan.is_known =
      std::any_of(config_.video_sets.begin(), config_.video_sets.end(),
                  [&](const VideoSet& set) { return stem_of_written_path(set.key) == stem; });
  return plan;
}

void DeepLabCutFrames::stage_pictures(const Suggestions& suggestions, const VideoPlan& plan,
                                      StagedFiles& staged, const JobHooks& hooks) const {
  std::vector<int64_t> wanted;
  for (const Suggestion* frame : plan.frames)
    if (!path_exists(plan.data / plan.name_of(frame->frame))) wanted.push_back(frame->frame);
  const fs::path& video = suggestions.videos[plan.video].video.file;
  const size_t given =
      visit_video_frames(video, wanted, hooks.stop, [&](int64_t frame, const Image& image) {
        write_png(cut(image, plan.box), staged.add(plan.data / plan.name_of(frame)));
        return true;
      });
  if (given == wanted.size()) return;
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: {} of {} frames cannot be decoded", video.string(),
                          wanted.size() - given, wanted.size()),
              {.hint = "nothing was written; --seed draws other audit frames"});
}

void DeepLabCutFrames::stage_labels(const Suggestions& suggestions, const VideoPlan& plan,
                                    StagedFiles& staged) const {
  const SuggestedVideo& video = suggestions.videos[plan.video];
  MachineLabels labels{
      .folder = video.facts.stem,
      .scorer = scorer_of(video.facts),
      .bodyparts = config_.bodyparts.empty() ? suggestions.bodyparts : config_.bodyparts,
      .rows = {}};
  for (const Suggestion* frame : plan.frames) {
    labels.rows.push_back(
        {plan.name_of(frame->frame),
         placed_points(*frame, suggestions.bodyparts, labels.bodyparts, plan.box.x1, plan.box.y1,
                       plan.box.x2 - plan.box.x1, plan.box.y2 - plan.box.y1)});
  }
  stage_machine_labels(plan.data, config_.iteration, labels,
                       style_of_project(data_folder() / "labeled-data", plan.data), staged);
}

std::vector<std::string> DeepLabCutFrames::stage(const Suggestions& suggestions,
                                                 StagedFiles& staged, const JobHooks& hooks) const {
  std::vector<std::string> warnings, keys;
  for (const VideoSet& set : config_.video_sets) keys.push_back(set.key);
  std::string text = config_text_;
  for (size_t v = 0; v < suggestions.videos.size(); ++v) {
    const VideoPlan plan = plan_video(suggestions, v);
    if (plan.frames.empty()) continue;
    stage_pictures(suggestions, plan, staged, hooks);
    stage_labels(suggestions, plan, staged);
    if (plan.is_known) continue;
    const fs::path name = suggestions.videos[v].video.file.filename();
    const fs::path own = data_folder() / "videos" / name;  // where the tool links or copies it
    const fs::path file = path_exists(own) ? own : suggestions.videos[v].video.file;
    const std::string key = video_key(keys, file);
    if (key != absolute_path(file).string()) {
      warnings.push_back(fmt::format(
          "{} is called {} in config.yaml, whose paths are those of another system: put it there",
          name.string(), key));
    }
    text = with_video_set(
        text, config_.file.string(), key,
        fmt::format("{}, {}, {}, {}", plan.box.x1, plan.box.x2, plan.box.y1, plan.box.y2));
  }
  if (text == config_text_) return warnings;
  fs::path backup = config_.file;
  backup += ".before-posse";
  if (!path_exists(backup)) write_file(staged.add(backup), config_text_);
  write_file(staged.replace(config_.file, config_text_), text);
  return warnings;
}

}  // namespace posse
