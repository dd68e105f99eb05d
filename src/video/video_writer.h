/// Videos written frame by frame: H.264 in MP4 that browsers, slides and players show.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

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
/// returned; before, it has a temporary one, removed by the destructor.
class VideoWriter {
 public:
  /// @param path  ending in .mp4, .mov, .mkv or .avi.
  /// @throws Error(unavailable) if the encoder is missing, Error(invalid_value) for sizes, rates or
  /// names that make no
  ///         sense, Error(io) if the folder cannot be written.
  VideoWriter(const std::filesystem::path& path, int width, int height,
              const VideoWriterOptions& options = {});
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  /// Appends a frame. Times count from the first frame's; they must increase. Those within 3 % of a
  /// frame of the grid of `fps` are put on it. NaN: one frame after the last.
  /// @throws Error(shape_mismatch) for another size, Error(invalid_value) for a time not after the
  /// last,
  ///         Error(io) if the disk is full.
  void write(const Image& image, double time_seconds);

  /// Closes the file and gives it its name. A video without frames is an error. @throws Error(io,
  /// invalid_value)
  void finish();

  int coded_width() const;
  int coded_height() const;

 private:
  class Encoder;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace posse
