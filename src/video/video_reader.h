/// Videos and folders of pictures, read frame by frame: sequential, exact, one row per decoded
/// frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/frame_range.h"
#include "base/image.h"

namespace posse {

/// What is known before decoding.
struct VideoInfo {
  std::filesystem::path path;
  int width = 0;  ///< after rotation, as frames are delivered
  int height = 0;
  double fps = 0;                               ///< average rate; 0 if unknown (folder of pictures)
  double duration_seconds = 0;                  ///< container's; 0 if unknown
  std::optional<int64_t> container_num_frames;  ///< what the container claims; decoding decides
  std::string codec;                            ///< "h264"
  std::string pixel_format;                     ///< "yuv420p"
  int rotation_degrees = 0;                     ///< 0, 90, 180, 270 clockwise, already applied
  bool is_image_folder = false;
};

struct VideoFrame {
  int64_t frame_index = 0;  ///< position among the decoded frames, from 0
  double time_seconds = 0;  ///< presentation time; NaN if the container has none
  Image image;
};

/// What decoding found; complete once read() has returned false.
struct VideoReport {
  int64_t num_decoded = 0;  ///< frames decoded so far, those outside the range included
  int64_t num_corrupt = 0;  ///< delivered although the decoder flagged errors in them
  bool variable_frame_rate = false;
  bool reached_end = false;           ///< the stream's own end was seen (not only the range's)
  std::string broke_off;              ///< why decoding stopped before the end; empty if it did not
  std::vector<std::string> warnings;  ///< complete sentences, such as differing counts
};

struct VideoReaderOptions {
  FrameRange range;
  /// Decoder threads; 0 lets the decoder choose.
  int num_threads = 1;
};

class VideoReader {
 public:
  virtual ~VideoReader() = default;
  virtual const VideoInfo& info() const = 0;
  /// Next frame of the range into `frame` (its buffer is reused); false at the end or where the
  /// video breaks off.
  virtual bool read(VideoFrame& frame) = 0;
  virtual const VideoReport& report() const = 0;
};

/// Opens a video file, or a folder of pictures (png, jpg, jpeg, bmp, tif, tiff; natural order of
/// names, one size).
/// @throws Error(not_found), Error(bad_file) for what is no video, has no video stream or no
/// frames,
///         Error(unsupported) for a codec the installed libraries cannot decode.
std::unique_ptr<VideoReader> open_video(const std::filesystem::path& path,
                                        const VideoReaderOptions& options = {});

/// One picture file. @throws like open_video.
Image read_image(const std::filesystem::path& path);

/// Writes a PNG through a temporary name. @throws Error(io)
void write_png(const Image& image, const std::filesystem::path& path);

}  // namespace posse
