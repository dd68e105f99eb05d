/// Finds which packet shows as which frame, without decoding. Private to src/video.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "video/video_stream.h"

namespace posse {

/// Presentation times of a stream's packets in order of presentation: the position is the frame
/// index.
class PresentationIndex {
 public:
  /// Reads packets from the stream's beginning until those of frames up to `last_frame` are surely
  /// among them. The stream needs a seek afterwards.
  /// @return nullopt where packets and frames are not sure to correspond one to one: missing or
  /// repeated times, damaged, hidden or empty packets, frames before the first keyframe, or fewer
  /// frames than asked for.
  static std::optional<PresentationIndex> scan(VideoStream& stream, int64_t last_frame);

  /// The index of the frame with this presentation time; nullopt if no packet has it.
  std::optional<int64_t> frame_at(int64_t pts) const;

  /// Presentation times of the keyframes at or before `frame`, nearest first.
  std::vector<int64_t> keyframes_before(int64_t frame) const;

 private:
  std::vector<int64_t> times_;      // increasing
  std::vector<int64_t> keyframes_;  // increasing
};

/// Whether the container can be positioned reliably and the codec gives one frame for each packet.
bool can_be_indexed(const VideoStream& stream);

}  // namespace posse
