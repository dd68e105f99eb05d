/// Reads frames of one video, range after range, and decodes once where the ranges follow each
/// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/frame_range.h"
#include "video/video_reader.h"

namespace posse {

/// What lies before and behind a range.
struct FeedPiece {
  bool allow_seek = true;
  /// Frames of the video before the range are in other pieces, whose reports count them.
  bool has_before = false;
  /// With has_before: where reading begins, for videos in which a reader that begins further on may
  /// number frames otherwise. Nothing: as near before the range as the reader can.
  std::optional<int64_t> read_from;
  /// Other ranges of the same step follow: the reader is opened without an end.
  bool has_more = false;
};

/// A reader that goes on where the last range ended, when the next one begins there: then nothing
/// is decoded twice, also in videos in which it cannot jump.
class FrameFeed {
 public:
  /// @param num_threads  of the decoder
  explicit FrameFeed(std::filesystem::path video, int num_threads = 1)
      : video_(std::move(video)), num_threads_(num_threads) {}

  /// The next frames are those of `range`.
  /// @throws Error as open_video
  void go_to(const FrameRange& range, const FeedPiece& piece = {});
  /// Next frame of the range, false at its end.
  bool read(VideoFrame& frame);
  /// What decoding found in this range; complete once read() has returned false. Counts are of the
  /// frames behind the last one of the piece before, up to the last one given. Sentences about the
  /// video come with the range in which reading it ends: of all frames from num_jumped on, which is
  /// the reader's. A range behind which reading goes on names its corrupt frames alone.
  VideoReport report() const;
  const VideoInfo& info() const { return reader_->info(); }

 private:
  /// Of the reader, from its start.
  struct Counts {
    int64_t num_decoded = 0;
    int64_t num_corrupt = 0;
  };

  bool continues_at(const FrameRange& range) const;
  Counts counts() const;
  /// Reads the last frame before the range, so that what comes behind it can be counted.
  void pass_over_before();
  /// A frame of the range that read() gives.
  void note(const VideoFrame& frame);

  std::filesystem::path video_;
  int num_threads_;
  std::unique_ptr<VideoReader> reader_;
  FrameRange range_;
  bool has_more_ = false;
  bool at_end_ = false;              ///< of the range
  std::optional<VideoFrame> ahead_;  ///< the first frame behind the range
  Counts before_;                    ///< at the last frame before the range
  Counts given_;                     ///< at the last frame of the range so far
  std::vector<int64_t> corrupt_;     ///< frames of the range: the first of them
};

}  // namespace posse
