#include "study/judge/place_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "video/image_file.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr double kEqualLevels = 1.5;   ///< mean grey levels between equal pictures
constexpr double kTieLevels = 0.25;    ///< frames that differ by less look the same
constexpr double kApartSeconds = 1.0;  ///< frames further apart are other frames

/// Grey levels at up to 80 x 60 places spread over the picture.
struct Sample {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> grey;
};

Sample sample_of(const Image& image) {
  Sample sample{.width = image.width, .height = image.height, .grey = {}};
  const int cols = std::min(80, image.width), rows = std::min(60, image.height);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c) {
      const uint8_t* rgb = image.pixel((2 * r + 1) * image.height / (2 * rows),
                                       (2 * c + 1) * image.width / (2 * cols));
      sample.grey.push_back(static_cast<uint8_t>((rgb[0] + rgb[1] + rgb[2]) / 3));
    }
  }
  return sample;
}

double difference(const Sample& a, const Sample& b) {
  if (a.width != b.width || a.height != b.height) return HUGE_VAL;
  int64_t sum = 0;
  for (size_t i = 0; i < a.grey.size(); ++i) sum += std::abs(a.grey[i] - b.grey[i]);
  return static_cast<double>(sum) / static_cast<double>(a.grey.size());
}

/// A picture that is looked for, with its differences from the frames so far.
struct Wanted {
  size_t picture = 0;
  std::optional<int64_t> number;
  Sample sample;
  std::vector<float> differences;  ///< [frames]
};

/// The frame that the picture is, and whether its number says so.
std::optional<std::pair<int64_t, bool>> frame_of(const Wanted& wanted, double fps) {
  const auto& d = wanted.differences;
  const auto best = std::min_element(d.begin(), d.end());
  if (best == d.end() || *best > kEqualLevels) return std::nullopt;
  const auto limit = static_cast<float>(*best + kTieLevels);
  const auto number = wanted.number.value_or(-1);
  if (number >= 0 && number < static_cast<int64_t>(d.size()) &&
      d[static_cast<size_t>(number)] <= limit) {
    return std::pair(number, true);
  }
  const auto frame = best - d.begin();
  const double apart = kApartSeconds * (fps > 0 ? fps : 30);
  for (size_t i = 0; i < d.size(); ++i) {
    if (d[i] <= limit && std::abs(static_cast<double>(frame) - static_cast<double>(i)) > apart)
      return std::nullopt;
  }
  return std::pair(static_cast<int64_t>(frame), false);
}

void compare_with_video(const fs::path& video, std::vector<Wanted>& wanted, const JobHooks& hooks) {
  const auto reader = open_video(video);
  VideoFrame frame;
  Progress progress{.stage = "finding pictures",
                    .item = video.filename().string(),
                    .total = reader->info().container_num_frames};
  const double start = seconds_now();
  while (reader->read(frame)) {
    if (hooks.stop != nullptr && hooks.stop->requested())
      throw Error(ErrorKind::interrupted,
                  "the labels' frames were being looked for; the same command looks again");
    const Sample sample = sample_of(frame.image);
    for (Wanted& one : wanted) {
      one.differences.resize(static_cast<size_t>(frame.frame_index), HUGE_VALF);
      one.differences.push_back(static_cast<float>(difference(one.sample, sample)));
    }
    ++progress.done;
    progress.elapsed_seconds = seconds_now() - start;
    if (hooks.progress) hooks.progress(progress);
  }
}

class Placer {
 public:
  Placer(const LabelSet& labels, const JobHooks& hooks) : labels_(labels), hooks_(hooks) {
    places_.places.resize(labels.pictures.size());
  }

  VideoPlaces place(std::span<const fs::path> given, VideosOf whose) {
    std::set<std::string> folders;
    std::vector<fs::path> videos(given.begin(), given.end());
    for (const LabelledPicture& picture : labels_.pictures) {
      folders.insert(picture.folder);
      const bool is_new = !picture.video.empty() &&
                          std::find(videos.begin(), videos.end(), picture.video) == videos.end();
      if (is_new && whose == VideosOf::labels_too) videos.push_back(picture.video);
    }
    for (const fs::path& video : videos) {
      const size_t index = places_.videos.size();
      places_.videos.push_back(video);
      places_.fps.push_back(open_video(video)->info().fps);
      const bool only = videos.size() == 1 && folders.size() == 1;
      place_in(index, [&](const LabelledPicture& picture) {
        if (!picture.video.empty()) return picture.video == video;
        return only || picture.folder == video.stem().string();
      });
    }
    if (whose == VideosOf::labels_too) check_all_have_frames();
    return std::move(places_);
  }

 private:
  template <class IsFrom>
  void place_in(size_t video, const IsFrom& is_from) {
    std::vector<Wanted> wanted;
    for (size_t i = 0; i < labels_.pictures.size(); ++i) {
      const LabelledPicture& picture = labels_.pictures[i];
      if (!is_from(picture)) continue;
      if (!picture.file.empty()) {
        wanted.push_back({i, picture.number, sample_of(read_image(picture.file)), {}});
      } else if (picture.number) {
        set(i, video, *picture.number);
        ++places_.num_by_number;
      }
    }
    if (wanted.empty()) return;
    compare_with_video(places_.videos[video], wanted, hooks_);
    size_t lost = 0;
    for (const Wanted& one : wanted) {
      const auto found = frame_of(one, places_.fps[video]);
      if (!found) {
        ++lost;
        continue;
      }
      set(one.picture, video, found->first);
      ++(found->second ? places_.num_by_number : places_.num_by_search);
    }
    if (lost > 0) {
      places_.notes.push_back(
          fmt::format("{} of {} pictures are no frame of {}, or several of them: each is a group "
                      "of its own, and methods through time do not judge them",
                      lost, wanted.size(), places_.videos[video].string()));
    }
    const std::string& folder = labels_.pictures[wanted.front().picture].folder;
    const fs::path& path = places_.videos[video];
    if (2 * (wanted.size() - lost) < wanted.size() && folder != path.stem().string()) {
      places_.warnings.push_back(
          fmt::format("the labels are of '{}', and only {} of their {} pictures are found in {}: "
                      "are they of another video?",
                      folder, wanted.size() - lost, wanted.size(), path.string()));
    }
  }

  void set(size_t picture, size_t video, int64_t frame) {
    const double fps = places_.fps[video];
    places_.places[picture] =
        PicturePlace{.video = video,
                     .frame = frame,
                     .seconds = static_cast<double>(frame) / (fps > 0 ? fps : 30)};
  }

  void check_all_have_frames() const {
    for (size_t i = 0; i < labels_.pictures.size(); ++i) {
      const LabelledPicture& picture = labels_.pictures[i];
      if (places_.places[i] || !picture.file.empty()) continue;
      if (!picture.video_name.empty()) {
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: the labels are of a video that is not found: {}", picture.name,
                                printable(picture.video_name)),
                    {.hint = "it is looked for where the labels say, beside them and below their "
                             "folder; --video names it, by the same file name where there are "
                             "several"});
      }
      if (!places_.videos.empty()) {
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: there is no picture of this label, and its name leads to no "
                                "frame of the video",
                                picture.name),
                    {.have = places_.videos.front().string(),
                     .hint = "names that end in the frame's number, as img0017.png, in a folder "
                             "called as the video where there are several"});
      }
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: its label has neither a picture nor a video", picture.name),
                  {.hint = "pictures are looked for below the labels' folder and the two above it; "
                           "--video names the video whose frames the numbers count"});
    }
  }

  const LabelSet& labels_;
  const JobHooks& hooks_;
  VideoPlaces places_;
};

}  // namespace

VideoPlaces place_pictures(const LabelSet& labels, std::span<const fs::path> videos,
                           const JobHooks& hooks, VideosOf whose) {
  return Placer(labels, hooks).place(videos, whose);
}

}  // namespace posse
