#include "study/suggest/projects/frame_project.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/median.h"
#include "base/paths.h"
#include "study/labels/label_set.h"
#include "study/suggest/projects/deeplabcut_frames.h"
#include "study/suggest/projects/lightning_frames.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// The frame of a picture "img<number>.<suffix>"; nullopt for other files.
std::optional<int64_t> frame_of(const fs::path& picture) {
  if (!has_picture_extension(picture)) return std::nullopt;
  const std::string stem = picture.stem().string();
  const bool is_frame = stem.starts_with("img") && stem.size() > 3 &&
                        stem.find_first_not_of("0123456789", 3) == std::string::npos;
  return is_frame ? number_in_name(stem) : std::nullopt;
}

}  // namespace

std::vector<PicturesThere> FrameProject::pictures() const {
  std::vector<PicturesThere> all;
  const fs::path labelled = data_folder() / "labeled-data";
  if (!is_folder(labelled)) return all;
  for (const fs::path& folder : entries_of_folder(labelled)) {
    if (!is_folder(folder)) continue;
    PicturesThere pictures{.folder = folder.filename().string(), .frames = {}};
    for (const fs::path& file : entries_of_folder(folder))
      if (const auto frame = frame_of(file)) pictures.frames.push_back(*frame);
    all.push_back(std::move(pictures));
  }
  return all;
}

std::unique_ptr<FrameProject> open_frame_project(const fs::path& folder) {
  if (!is_folder(folder))
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no project", folder.string()));
  if (auto project = open_lightning_frames(folder)) return project;
  if (path_exists(folder / "config.yaml")) return std::make_unique<DeepLabCutFrames>(folder);
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: is no project that frames can be written into", folder.string()),
              {.hint = "DeepLabCut's has a config.yaml, Lightning Pose's a CollectedData.csv or a "
                       "project.yaml"});
}

size_t number_width_in(const fs::path& folder) {
  if (!is_folder(folder)) return 0;
  std::map<size_t, size_t> counts;
  for (const fs::path& file : entries_of_folder(folder))
    if (frame_of(file)) ++counts[file.stem().string().size() - 3];
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? 0 : most->first;
}

std::vector<Keypoint> placed_points(const Suggestion& suggestion,
                                    const std::vector<std::string>& bodyparts,
                                    const std::vector<std::string>& names, double left, double top,
                                    int width, int height) {
  std::vector<Keypoint> points;
  for (const std::string& name : names) {
    Keypoint point{left + (width - 1) / 2.0, top + (height - 1) / 2.0, 0};
    const auto found = std::find(bodyparts.begin(), bodyparts.end(), name);
    if (found != bodyparts.end()) {
      const auto part = static_cast<size_t>(found - bodyparts.begin());
      std::vector<double> x, y;
      for (size_t at = part; at < suggestion.members.size(); at += bodyparts.size()) {
        if (std::isnan(suggestion.members[at].x)) continue;
        x.push_back(suggestion.members[at].x), y.push_back(suggestion.members[at].y);
      }
      if (!std::isnan(suggestion.consensus[part].x)) {
        point = suggestion.consensus[part];
      } else if (!x.empty()) {
        point = {median_of(x), median_of(y), 0};
      }
    }
    if (std::isnan(point.likelihood)) point.likelihood = 0;
    point.x = std::clamp(point.x - left, 0.0, width - 1.0);
    point.y = std::clamp(point.y - top, 0.0, height - 1.0);
    points.push_back(point);
  }
  return points;
}

}  // namespace posse
