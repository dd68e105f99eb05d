/// Frames of one video, range after range, decoded once where the ranges follow each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/frame_range.h"
#include "video/video_reader.h"

namespace posse {

/// A reader that goes on where the last range ended, when the next one begins there: then nothing
/// is decoded twice, also in videos in which it cannot jump.
class FrameFeed {
 public:
  explicit FrameFeed(std::filesystem::path video) : video_(std::move(video)) {}

  /// The next frames are those of `range`.
  /// @param has_more  other ranges of the same step follow: the reader is opened without an end
  /// @throws Error as open_video
  void go_to(const FrameRange& range, bool allow_seek, bool has_more = false);
  /// Next frame of the range, false at its end.
  bool read(VideoFrame& frame);
  /// What decoding found in this range; complete once read() has returned false. Sentences about
  /// the whole video come with the range in which it ends, if it was decoded from its start.
  VideoReport report() const;
  const VideoInfo& info() const { return reader_->info(); }

 private:
  bool continues_at(const FrameRange& range) const;

  std::filesystem::path video_;
  std::unique_ptr<VideoReader> reader_;
  FrameRange range_;
  bool has_more_ = false;
  bool at_end_ = false;              ///< of the range
  std::optional<VideoFrame> ahead_;  ///< the first frame behind the range
  VideoReport before_;               ///< of the reader, when the range began
};

}  // namespace posse
