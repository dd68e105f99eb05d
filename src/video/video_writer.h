/// Writes videos frame by frame: H.264 in MP4 that browsers, slides and players show.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/image.h"

namespace posse {

struct VideoWriterOptions {
  /// Frames per second, above 0: the grid on which presentation times lie, and the rate where
  /// frames have no times.
  double fps = 30;
  /// libx264's constant rate factor: 0 (lossless) to 51; 18 looks like the original.
  int quality = 18;
  /// Encoder threads, at least 1.
  int num_threads = 1;
  /// libavcodec's name of the encoder; "mpeg4" plays in fewer places but is always there.
  std::string encoder = "libx264";
};

/// Writes yuv420p video, with the index in front so that it starts to play while it is loading.
///
/// Frames keep their count, order, and distances in time. yuv420p has no odd sizes: a picture of
/// odd width (height) gets its last column (row) twice, so coordinates stay what they are;
/// coded_width() and coded_height() say so. The file appears under its name when finish() has
/// returned; before, it has a temporary one, removed by the destructor. The same frames, times,
/// options and libraries give the same bytes.
class VideoWriter {
 public:
  /// @param path  ending in .mp4, .mov, .mkv or .avi.
  /// @throws Error as check(); Error(io) if the folder cannot be written.
  VideoWriter(const std::filesystem::path& path, int width, int height,
              const VideoWriterOptions& options = {});
  ~VideoWriter();

  /// Whether the constructor would find an encoder for such a video; writes nothing.
  /// @throws Error(unavailable) if the encoder is missing, Error(unsupported) for sizes that it
  /// does not take (H.264: more than 16384 columns or rows), Error(invalid_value) for sizes, rates
  /// or names that make no sense. All name the video.
  static void check(const std::filesystem::path& path, int width, int height,
                    const VideoWriterOptions& options = {});

  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  /// Appends a frame. Times count from the first frame's. Those within 3 % of a frame of the grid
  /// of `fps` are put on it. A time that does not follow the last is put just after it, one far
  /// before the last (clips joined) begins a new count one frame after it; warnings() counts both.
  /// NaN: one frame after the last.
  /// @throws Error(shape_mismatch) for another size, Error(io) if the disk is full.
  void write(const Image& image, double time_seconds);

  /// Closes the file and gives it its name. A video without frames is an error. @throws Error(io,
  /// invalid_value)
  void finish();

  /// Complete sentences about frames that are not at their own times so far.
  std::vector<std::string> warnings() const;

  int coded_width() const;
  int coded_height() const;

 private:
  class Encoder;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace posse
