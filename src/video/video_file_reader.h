/// Reads video files as a VideoReader. Private to src/video; users call open_video.
#pragma once

#include "video/presentation_index.h"
#include "video/rate_watch.h"
#include "video/rgb_converter.h"
#include "video/video_reader.h"
#include "video/video_stream.h"

namespace posse {

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
  void warn_about_errors();
  void warn_about_times();
  /// libav's words in brackets with a leading blank, the first time they are asked for.
  std::string words_of_libav();
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
  std::vector<int64_t> corrupt_frames_;  // the first of them
  std::vector<int64_t> lost_frames_;     // likewise
  bool words_are_told_ = false;
  int stored_width_ = 0;
  int stored_height_ = 0;
  int64_t first_index_ =
      0;  // of the frames that stream_ gives: 0, or the keyframe that was jumped to
  int64_t num_leading_ = 0;      // frames before it that stream_ gave after the jump
  int64_t num_from_stream_ = 0;  // frames stream_ has given
  int64_t num_gaps_ = 0;         // lost frames that are counted in current_index_
  int64_t current_index_ = -1;   // of decoded_
  int64_t last_time_ = AV_NOPTS_VALUE;
  bool is_waiting_ = false;  // decoded_ has not been looked at by read()
  bool is_finished_ = false;
};

}  // namespace posse
