/// Reads videos and folders of pictures frame by frame: sequential, exact, one row per decoded
/// frame.
///
/// What is promised about counts, order, ranges and damaged files is in docs/video.md.
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
  int width = 0;                                ///< pixels, after rotation, as frames are delivered
  int height = 0;                               ///< pixels, likewise
  double fps = 0;                               ///< average rate; 0 if unknown (folder of pictures)
  double duration_seconds = 0;                  ///< container's; 0 if unknown
  std::optional<int64_t> container_num_frames;  ///< what the container claims; decoding decides
  std::string codec;                            ///< "h264"
  std::string pixel_format;                     ///< "yuv420p"
  int rotation_degrees = 0;                     ///< 0, 90, 180, 270 clockwise, already applied
  bool is_image_folder = false;
  int stream = 0;             ///< of the file's streams (sound counted too): the one that is read
  std::string other_streams;  ///< other video streams, as "stream 1 (mjpeg, 160x120)"
};

struct VideoFrame {
  /// Place in order of presentation, from 0; a frame that cannot be decoded leaves a gap.
  int64_t frame_index = 0;
  /// The container's presentation time (the first need not be 0); NaN if it has none.
  double time_seconds = 0;
  Image image;
};

/// What decoding found; complete once read() has returned false.
struct VideoReport {
  /// Frames decoded so far, those outside the range included.
  int64_t num_decoded = 0;
  /// Frames before the range that a seek passed over undecoded.
  int64_t num_jumped = 0;
  /// Of num_decoded: kept although the decoder flagged errors in them or printed some.
  int64_t num_corrupt = 0;
  /// Packets that the decoder refused or that an AVI's index lists but the file lacks; with
  /// presentation times or an index each lost frame leaves a gap in frame_index.
  int64_t num_undecodable = 0;
  bool variable_frame_rate = false;
  /// True: the stream's own end was seen (not only the range's).
  bool reached_end = false;
  /// Why decoding stopped before the end; empty if it did not.
  std::string broke_off;
  /// Complete sentences, such as differing counts.
  std::vector<std::string> warnings;
};

struct VideoReaderOptions {
  FrameRange range;
  /// Decoder threads; 0 lets the decoder choose. Frames do not depend on it.
  int num_threads = 1;
  /// Jump to a keyframe before range.start where frames and indices are sure to be those of
  /// sequential decoding.
  bool allow_seek = true;
};

class VideoReader {
 public:
  virtual ~VideoReader() = default;
  virtual const VideoInfo& info() const = 0;
  /// Next frame of the range into `frame` (its buffer is reused); false at the end or where the
  /// video breaks off. A damaged file is no error here: report() says what was wrong with it.
  virtual bool read(VideoFrame& frame) = 0;
  virtual const VideoReport& report() const = 0;
};

/// True for names that end as videos' do (".mp4", ".avi", ...), in any case.
bool has_video_extension(const std::filesystem::path& path);
/// True for names ending in .png, .jpg, .jpeg, .bmp, .tif, .tiff, in any case.
bool has_picture_extension(const std::filesystem::path& path);

/// True for a folder with pictures or videos in it. @throws Error(io)
bool may_hold_frames(const std::filesystem::path& folder);

/// Opens a video file, a folder of pictures (png, jpg, jpeg, bmp, tif, tiff; natural order of
/// names, one size), or one such picture. Each page of a TIFF is a frame. The orientation that EXIF
/// asks for is applied. Hidden files and files of other kinds in a folder are passed over; a folder
/// with as many videos as pictures is refused.
/// @throws Error(not_found); Error(bad_file) for what is no video, has no video stream or no
/// frames; Error(unsupported) for a codec the installed libraries cannot decode; Error(io) if the
/// file may not be read.
std::unique_ptr<VideoReader> open_video(const std::filesystem::path& path,
                                        const VideoReaderOptions& options = {});

}  // namespace posse
