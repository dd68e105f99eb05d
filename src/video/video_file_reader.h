/// Video files as VideoReader. Private to src/video; users call open_video.
#pragma once

#include "video/presentation_index.h"
#include "video/rgb_converter.h"
#include "video/video_reader.h"
#include "video/video_stream.h"

namespace posse {

/// Finds out from presentation times whether frames are evenly spaced.
class RateWatch {
 public:
  /// @param ticks  presentation time in units of the container's time base, AV_NOPTS_VALUE if there
  /// is none.
  void add(int64_t ticks);
  /// True if two intervals differ by more than rounding to ticks explains (2 ticks) and by more
  /// than 5 %.
  bool is_variable() const;
  /// The next interval does not count: frames were lost in it.
  void restart() { last_ = AV_NOPTS_VALUE; }
  /// True if `ticks` comes much later after the last frame than any frame so far did.
  bool would_jump(int64_t ticks) const;

  int64_t shortest() const { return shortest_; }
  int64_t longest() const { return longest_; }

 private:
  int64_t last_ = AV_NOPTS_VALUE;
  int64_t shortest_ = 0;
  int64_t longest_ = 0;
  bool has_interval_ = false;
};

class VideoFileReader : public VideoReader {
 public:
  VideoFileReader(const std::filesystem::path& path, const VideoReaderOptions& options);

  const VideoInfo& info() const override { return info_; }
  const VideoReport& report() const override { return report_; }
  bool read(VideoFrame& frame) override;

 private:
  void describe(const std::filesystem::path& path);
  void read_orientation();
  /// Decodes the next frame into decoded_ and numbers it.
  bool advance();
  /// Puts the stream behind the frame before range.start where that is sure to change nothing.
  void jump_to_range();
  bool jump_to(const PresentationIndex& index, int64_t keyframe, VideoStream& stream);
  void finish(bool is_end_of_stream);
  void warn_about_counts();
  void warn_about_quality();
  std::string early_end() const;
  /// True if decoded_ is left over at the end of a file that was cut short, with frames missing
  /// before it: its number cannot be known.
  bool is_left_over() const;
  void deliver(VideoFrame& frame);

  VideoReaderOptions options_;
  VideoInfo info_;
  VideoReport report_;
  std::unique_ptr<VideoStream> stream_;
  libav::Owned<AVFrame> decoded_ = libav::make_frame();
  RgbConverter converter_;
  Orientation orientation_;
  RateWatch rate_;
  int stored_width_ = 0;
  int stored_height_ = 0;
  int64_t first_index_ =
      0;  // of the frames that stream_ gives: 0, or the keyframe that was jumped to
  int64_t num_from_stream_ = 0;  // frames stream_ has given
  int64_t num_gaps_ = 0;         // lost frames that are counted in current_index_
  int64_t current_index_ = -1;   // of decoded_
  int64_t last_time_ = AV_NOPTS_VALUE;
  bool is_waiting_ = false;  // decoded_ has not been looked at by read()
  bool is_finished_ = false;
};

}  // namespace posse
