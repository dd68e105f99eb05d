#include "study/members/frame_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "video/image_file.h"
#include "video/video_reader.h"

namespace posse {
namespace {

using Visit = std::function<bool(size_t, Image&&)>;

/// @param wanted  frame numbers and where in the list they stand, sorted
/// @return false if visit asked to stop
bool visit_video(const std::filesystem::path& file,
                 const std::vector<std::pair<int64_t, size_t>>& wanted, const Visit& visit) {
  const auto reader =
      open_video(file, {.range = {.start = wanted.front().first, .stop = wanted.back().first + 1}});
  VideoFrame frame;
  size_t next = 0;
  while (next < wanted.size() && reader->read(frame)) {
    if (frame.frame_index > wanted[next].first) break;
    for (; next < wanted.size() && wanted[next].first == frame.frame_index; ++next) {
      Image image = frame.image;
      if (!visit(wanted[next].second, std::move(image))) return false;
    }
  }
  if (next < wanted.size()) {
    throw Error(ErrorKind::not_found,
                fmt::format("{}: has no frame {}", file.string(), wanted[next].first),
                {.hint = "the labels' numbers are taken as frames of this video, counted from 0"});
  }
  return true;
}

}  // namespace

void visit_frames(std::span<const FrameRef> frames, const Visit& visit) {
  std::map<std::filesystem::path, std::vector<std::pair<int64_t, size_t>>> videos;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (!frames[i].is_picture()) {
      videos[frames[i].file].emplace_back(*frames[i].frame, i);
    } else if (!visit(i, read_image(frames[i].file))) {
      return;
    }
  }
  for (auto& [file, wanted] : videos) {
    std::sort(wanted.begin(), wanted.end());
    if (!visit_video(file, wanted, visit)) return;
  }
}

std::string hash_of_image(const Image& image) {
  Sha256 hash;
  hash.update(fmt::format("{}x{}:", image.width, image.height));
  hash.update(std::span<const uint8_t>(image.rgb));
  return hash.finish();
}

}  // namespace posse
