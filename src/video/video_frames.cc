#include "video/video_frames.h"

#include <algorithm>

#include "base/error.h"
#include "video/video_reader.h"

namespace posse {
size_t visit_video_frames(const std::filesystem::path& video, std::span<const int64_t> frames,
                          const StopFlag* stop, const VisitFrame& visit, int64_t long_gap) {
  size_t given = 0;
  for (size_t begin = 0; begin < frames.size();) {
    size_t end = begin + 1;
    while (end < frames.size() && frames[end] - frames[end - 1] < long_gap) ++end;
    const auto reader =
        open_video(video, {.range = {.start = frames[begin], .stop = frames[end - 1] + 1}});
    size_t next = begin;
    for (VideoFrame frame; next < end && reader->read(frame);) {
      if (stop != nullptr && stop->requested())
        throw Error(ErrorKind::interrupted, "nothing was written; the same command begins again");
      while (next < end && frames[next] < frame.frame_index) ++next;  // the video lacks it
      if (next == end || frames[next] != frame.frame_index) continue;
      ++next, ++given;
      if (!visit(frame.frame_index, frame.image)) return given;
    }
    begin = end;
  }
  return given;
}

}  // namespace posse
