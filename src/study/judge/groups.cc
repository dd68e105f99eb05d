#include "study/judge/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace posse {
namespace {

/// Numbers for names, in the order in which they come.
class Numbers {
 public:
  int64_t of(const std::string& name) {
    return numbers_.emplace(name, static_cast<int64_t>(numbers_.size())).first->second;
  }
  size_t size() const { return numbers_.size(); }

 private:
  std::map<std::string, int64_t> numbers_;
};

std::vector<int64_t> clips_of_file(const LabelSet& labels, const std::filesystem::path& file) {
  std::istringstream lines(read_file(file));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> head = csv_cells(line);
  if (head.size() < 2 || head[0] != "picture" || head[1] != "clip") {
    throw Error(ErrorKind::bad_file, fmt::format("{}: line 1 is '{}', expected picture,clip",
                                                 file.string(), printable(line)));
  }
  std::map<std::string, std::string> clip_of;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = csv_cells(line);
    if (cells.size() > 1) clip_of[picture_key(cells[0])] = cells[1];
  }
  Numbers numbers;
  std::vector<int64_t> clips;
  for (const LabelledPicture& picture : labels.pictures) {
    const auto found = clip_of.find(picture_key(picture.name));
    if (found == clip_of.end()) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: names no clip for {}", file.string(), picture.name));
    }
    clips.push_back(numbers.of(found->second));
  }
  return clips;
}

std::vector<int64_t> clips_by_time(const VideoPlaces& places) {
  std::vector<int64_t> clips(places.places.size(), -1);
  std::vector<size_t> order;
  for (size_t i = 0; i < places.places.size(); ++i)
    if (places.places[i]) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(places.places[a]->video, places.places[a]->frame) <
           std::pair(places.places[b]->video, places.places[b]->frame);
  });
  int64_t clip = 0;
  double clip_start = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const PicturePlace& place = *places.places[order[i]];
    const PicturePlace* before = i > 0 ? &*places.places[order[i - 1]] : nullptr;
    const bool starts = before == nullptr || before->video != place.video ||
                        place.seconds - before->seconds >= kClipSeconds ||
                        place.seconds - clip_start >= kClipSeconds;
    if (starts) {
      clip += before == nullptr ? 0 : 1;
      clip_start = place.seconds;
    }
    clips[order[i]] = clip;
  }
  for (int64_t& one : clips)
    if (one < 0) one = ++clip;
  return clips;
}

/// Each picture's place in time; empty where they are not many close frames of one video.
std::vector<int64_t> frames_in_time(const VideoPlaces& places, size_t num_videos) {
  const auto& all = places.places;
  if (num_videos != 1 || all.size() < kEnoughFrames) return {};
  std::map<int64_t, int64_t> rank;  // of each frame
  double first = HUGE_VAL, last = -HUGE_VAL;
  for (const auto& place : all) {
    if (!place) return {};
    rank.emplace(place->frame, 0);
    first = std::min(first, place->seconds);
    last = std::max(last, place->seconds);
  }
  if (rank.size() < kEnoughFrames) return {};
  if (last - first > kClipSeconds * static_cast<double>(rank.size() - 1)) return {};
  int64_t next = 0;
  for (auto& [frame, number] : rank) number = next++;
  std::vector<int64_t> frames;
  for (const auto& place : all) frames.push_back(rank.at(place->frame));
  return frames;
}

}  // namespace

PictureGroups group_pictures(const LabelSet& labels, const VideoPlaces& places,
                             const std::filesystem::path& clips) {
  PictureGroups groups;
  Numbers videos;
  bool any_place = false;
  for (size_t i = 0; i < labels.pictures.size(); ++i) {
    const auto& place = places.places[i];
    any_place = any_place || place.has_value();
    groups.video.push_back(
        videos.of(place ? places.videos[place->video].string() : labels.pictures[i].folder));
  }
  groups.num_videos = videos.size();
  if (!clips.empty()) {
    groups.group = clips_of_file(labels, clips);
    groups.unit = "clips";
    groups.given = true;
  } else if (groups.num_videos >= kEnoughVideos) {
    groups.group = groups.video;
    groups.unit = "videos";
  } else {
    groups.group = clips_by_time(places);
    groups.unit = any_place ? "clips" : "pictures";
  }
  groups.clip = groups.group;
  if (std::vector<int64_t> frames = frames_in_time(places, groups.num_videos);
      !groups.given && !frames.empty()) {
    groups.group = std::move(frames);
    groups.unit = "frames";
    groups.over_time = true;
  }
  return groups;
}

}  // namespace posse
