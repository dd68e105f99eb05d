#include "study/suggest/projects/lightning_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/yaml_tree.h"
#include "video/image_file.h"
#include "video/video_frames.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kContext = 2;  ///< frames to either side, which networks with context are fed

/// The first table of hand labels right in the folder.
std::optional<fs::path> labels_in(const fs::path& folder) {
  for (const fs::path& entry : entries_of_folder(folder)) {
    if (entry.filename().string().starts_with("CollectedData") && entry.extension() == ".csv" &&
        kind_of_path(entry) == PathKind::file)
      return entry;
  }
  return std::nullopt;
}

/// Milliseconds since 1970 of "2025-01-31T12:00:00Z"; 0 for another text.
int64_t milliseconds_of(const std::string& time) {
  std::tm utc{};
  if (::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc) == nullptr) return 0;
  return static_cast<int64_t>(::timegm(&utc)) * 1000;
}

std::string picture_of(int64_t frame) { return fmt::format("img{:08}.jpg", frame); }

/// The view in a video's name: "left" of "session_left"; empty: none of them.
std::string view_in(const std::string& stem, const std::vector<std::string>& views) {
  std::string found;
  for (const std::string& view : views) {
    if (stem.size() > view.size() && stem.ends_with(view) && view.size() > found.size())
      found = view;
  }
  return found;
}

Json predictions_of(const FinishedFacts& facts, const std::vector<std::string>& bodyparts,
                    const std::vector<Keypoint>& placed) {
  Json points = Json::array();
  for (size_t p = 0; p < placed.size(); ++p) {
    points.push_back(
        Json::object({{"keypoint_name", bodyparts[p]}, {"x", placed[p].x}, {"y", placed[p].y}}));
  }
  return Json::object({{"model_name", "posse " + facts.table.stem().string()},
                       {"date_time", milliseconds_of(facts.finished)},
                       {"predictions", std::move(points)}});
}

/// nullopt for a frame that the table lacks.
std::optional<Suggestion> consensus_at(const Poses& poses, int64_t frame) {
  const auto& rows = poses.frame_index;
  const auto row = std::lower_bound(rows.begin(), rows.end(), frame);
  if (row == rows.end() || *row != frame) return std::nullopt;
  const auto points = poses.row(static_cast<size_t>(row - rows.begin()));
  Suggestion known;
  known.consensus.assign(points.begin(), points.end());
  return known;
}

}  // namespace

/// One view's video, and its frames.
struct LightningFrames::VideoPlan {
  std::string view;  ///< empty: there is one
  fs::path video;
  const FinishedFacts* facts = nullptr;  ///< nullptr: there are no results of this view
  std::map<int64_t, std::optional<Suggestion>> frames;  ///< nullopt: of another view's results
};

std::map<std::string, LightningFrames::VideoPlan> LightningFrames::plan_videos(
    const Suggestions& suggestions) const {
  std::map<std::string, VideoPlan> plans;
  for (const SuggestedVideo& video : suggestions.videos) {
    const std::string view = view_in(video.facts.stem, views_);
    if (!views_.empty() && view.empty()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: its name ends in none of the project's views",
                              video.video.file.filename().string()),
                  {.have = list_names(views_)});
    }
    plans[video.facts.stem] = {
        .view = view, .video = video.video.file, .facts = &video.facts, .frames = {}};
  }
  for (const Suggestion& frame : suggestions.frames) {
    const SuggestedVideo& video = suggestions.videos[frame.video];
    const std::string view = view_in(video.facts.stem, views_);
    const std::string session = video.facts.stem.substr(0, video.facts.stem.size() - view.size());
    plans[video.facts.stem].frames[frame.frame] = frame;
    for (const std::string& other : views_) {
      const std::string stem = session + other;
      if (other == view) continue;
      const auto [plan, is_new] = plans.try_emplace(stem);
      if (is_new) {
        plan->second.view = other;
        plan->second.video =
            video.video.file.parent_path() / (stem + video.video.file.extension().string());
        if (!path_exists(plan->second.video)) {
          throw Error(ErrorKind::not_found,
                      fmt::format("{}: there is no video of the view {}",
                                  plan->second.video.string(), other),
                      {.hint = "frames of all views are labelled together"});
        }
      }
      plan->second.frames.try_emplace(frame.frame, std::nullopt);
    }
  }
  return plans;
}

void LightningFrames::stage_pictures(const VideoPlan& plan, StagedFiles& staged,
                                     const JobHooks& hooks) const {
  const fs::path folder = data_ / "labeled-data" / plan.video.stem();
  std::set<int64_t> wanted;
  for (const auto& [frame, suggestion] : plan.frames) {
    for (int64_t near = frame - kContext; near <= frame + kContext; ++near)
      if (near >= 0 && !path_exists(folder / picture_of(near))) wanted.insert(near);
  }
  std::set<int64_t> given;
  const std::vector<int64_t> frames(wanted.begin(), wanted.end());
  visit_video_frames(plan.video, frames, hooks.stop, [&](int64_t frame, const Image& image) {
    write_jpeg(image, staged.add(folder / picture_of(frame)));
    given.insert(frame);
    return true;
  });
  for (const auto& [frame, suggestion] : plan.frames) {
    if (!wanted.contains(frame) || given.contains(frame)) continue;
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: frame {} cannot be decoded", plan.video.string(), frame));
  }
}

void LightningFrames::stage_queue(const std::string& view, const std::vector<std::string>& lines,
                                  const std::vector<std::string>& paths,
                                  StagedFiles& staged) const {
  std::string name = "CollectedData" + (view.empty() ? "" : "_" + view);
  if (const auto only = labels_in(data_); view.empty() && only) name = only->stem().string();
  const fs::path file = data_ / (name + ".unlabeled.jsonl");
  const fs::path labels = data_ / (name + ".csv");
  const bool is_there = path_exists(file);
  const std::string seen = is_there ? read_file(file) : "";
  const std::string labelled = path_exists(labels) ? read_file(labels) : "";
  const std::string feed = seen.find("\r\n") == std::string::npos ? "\n" : "\r\n";
  std::string text = seen;
  if (!text.empty() && text.back() != '\n') text += feed;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (seen.find('"' + paths[i] + '"') != std::string::npos) continue;
    if (labelled.find(paths[i]) != std::string::npos) continue;
    text += lines[i] + feed;
  }
  if (text == seen) return;
  write_file(is_there ? staged.replace(file, seen) : staged.add(file), text);
}

std::vector<std::string> LightningFrames::stage(const Suggestions& suggestions, StagedFiles& staged,
                                                const JobHooks& hooks) const {
  std::map<std::string, std::vector<std::string>> lines, paths;  // by view
  for (auto& [stem, plan] : plan_videos(suggestions)) {
    if (plan.frames.empty()) continue;
    stage_pictures(plan, staged, hooks);
    const VideoInfo info = open_video(plan.video)->info();
    std::optional<Poses> poses;
    for (const auto& [frame, suggestion] : plan.frames) {
      const std::string path = fmt::format("labeled-data/{}/{}", stem, picture_of(frame));
      Json entry = Json::object({{"frame_path", path}, {"predictions", nullptr}});
      std::optional<Suggestion> known = suggestion;
      if (!known && plan.facts != nullptr) {
        if (!poses) poses = FinishedResults(plan.facts->folder).consensus();
        known = consensus_at(*poses, frame);
      }
      if (known) {
        const auto placed = placed_points(*known, suggestions.bodyparts, suggestions.bodyparts, 0,
                                          0, info.width, info.height);
        entry["predictions"] = predictions_of(*plan.facts, suggestions.bodyparts, placed);
      }
      lines[plan.view].push_back(entry.dump());
      paths[plan.view].push_back(path);
    }
  }
  for (const auto& [view, of_view] : lines) stage_queue(view, of_view, paths[view], staged);
  return {};
}

std::unique_ptr<FrameProject> open_lightning_frames(const fs::path& folder) {
  const fs::path settings = folder / "project.yaml";
  std::vector<std::string> views;
  fs::path data = folder;
  if (path_exists(settings)) {
    const YamlValue root = read_yaml(settings);
    if (const YamlValue* names = root.find("view_names"))
      for (const YamlValue& name : names->items) views.push_back(name.text);
    const YamlValue* given = root.find("data_dir");
    if (given != nullptr && !given->text.empty() && is_folder(folder / given->text))
      data = folder / given->text;
    if (views.size() < 2) views.clear();
  } else if (!labels_in(folder)) {
    return nullptr;
  }
  return std::make_unique<LightningFrames>(folder, data, std::move(views));
}

}  // namespace posse
