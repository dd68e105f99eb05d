/// Opens encoders for a size and a rate. Private to src/video.
#pragma once

#include <filesystem>

#include "video/libav.h"
#include "video/video_writer.h"

namespace posse {

struct VideoEncoder {
  libav::Owned<AVCodecContext> codec;
  AVRational rate{};        ///< frames per second
  int ticks_per_frame = 1;  ///< of the encoder's time base
};

/// yuv420p has even sizes only.
inline int even(int size) { return size + size % 2; }

/// An encoder for pictures of width x height, rounded up to even sizes. The same pictures, options
/// and libraries give the same bytes.
/// @param path  for messages. @param needs_header  the container keeps the stream's header apart.
/// @throws Error as VideoWriter.
VideoEncoder open_video_encoder(const std::filesystem::path& path, int width, int height,
                                bool needs_header, const VideoWriterOptions& options);

}  // namespace posse
