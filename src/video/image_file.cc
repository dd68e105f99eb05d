// Single pictures: decoding by content, PNG encoding.
#include <fmt/format.h>

#include <cstring>
#include <new>

#include "base/error.h"
#include "base/files.h"
#include "video/libav.h"
#include "video/rgb_converter.h"
#include "video/video_reader.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostPictureBytes = uint64_t{1} << 30;

AVCodecID codec_of_content(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return AV_CODEC_ID_PNG;
  if (bytes.starts_with("\xff\xd8\xff")) return AV_CODEC_ID_MJPEG;
  if (bytes.starts_with("BM")) return AV_CODEC_ID_BMP;
  if (bytes.starts_with(std::string_view("II*\0", 4)) ||
      bytes.starts_with(std::string_view("MM\0*", 4))) {
    return AV_CODEC_ID_TIFF;
  }
  return AV_CODEC_ID_NONE;
}

libav::Owned<AVCodecContext> open_decoder(AVCodecID id, const fs::path& path) {
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr) {
    throw Error(ErrorKind::unavailable,
                fmt::format("picture '{}': the installed libavcodec cannot decode '{}'",
                            path.string(), avcodec_get_name(id)));
  }
  libav::Owned<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw std::bad_alloc();
  decoder->thread_count = 1;
  if (avcodec_open2(decoder.get(), codec, nullptr) < 0) {
    throw Error(ErrorKind::unavailable, fmt::format("decoder '{}' does not start", codec->name));
  }
  return decoder;
}

}  // namespace

Image read_image(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(ErrorKind::not_found, fmt::format("picture '{}' does not exist", path.string()));
  }
  const std::string bytes = read_file(path, kMostPictureBytes);
  const AVCodecID id = codec_of_content(bytes);
  if (id == AV_CODEC_ID_NONE) {
    throw Error(ErrorKind::bad_file,
                fmt::format("'{}' is not a picture that can be read{}", path.string(),
                            bytes.empty() ? " (0 bytes)" : ""),
                {.hint = "expected PNG, JPEG, BMP or TIFF"});
  }
  const libav::LogCapture log;
  const auto decoder = open_decoder(id, path);
  const auto packet = libav::make_packet();
  if (av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) throw std::bad_alloc();
  std::memcpy(packet->data, bytes.data(), bytes.size());
  const auto frame = libav::make_frame();
  int status = avcodec_send_packet(decoder.get(), packet.get());
  if (status >= 0) {
    avcodec_send_packet(decoder.get(), nullptr);
    status = avcodec_receive_frame(decoder.get(), frame.get());
  }
  if (status < 0 || frame->decode_error_flags != 0) {
    throw Error(ErrorKind::bad_file,
                fmt::format("picture '{}' is damaged: {}{}", path.string(),
                            status < 0 ? libav::error_text(status) : "errors while decoding",
                            log.last_in_brackets()));
  }
  Image image;
  RgbConverter().convert(*frame, {}, image);
  return image;
}

void write_png(const Image& image, const fs::path& path) {
  if (image.width <= 0 || image.height <= 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("an empty picture cannot be written to '{}'", path.string()));
  }
  const libav::LogCapture log;
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) {
    throw Error(ErrorKind::unavailable, "the installed libavcodec cannot write PNG pictures");
  }
  const libav::Owned<AVCodecContext> encoder(avcodec_alloc_context3(codec));
  const auto frame = libav::make_frame();
  if (!encoder) throw std::bad_alloc();
  frame->width = encoder->width = image.width;
  frame->height = encoder->height = image.height;
  frame->format = encoder->pix_fmt = AV_PIX_FMT_RGB24;
  encoder->time_base = {1, 1};
  encoder->thread_count = 1;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  for (int row = 0; row < image.height; ++row) {
    std::memcpy(frame->data[0] + static_cast<ptrdiff_t>(row) * frame->linesize[0],
                image.pixel(row, 0), static_cast<size_t>(image.width) * 3);
  }
  const auto packet = libav::make_packet();
  int status = avcodec_open2(encoder.get(), codec, nullptr);
  if (status >= 0) status = avcodec_send_frame(encoder.get(), frame.get());
  if (status >= 0) status = avcodec_receive_packet(encoder.get(), packet.get());
  if (status < 0) {
    throw Error(ErrorKind::io, fmt::format("picture '{}' cannot be coded: {}{}", path.string(),
                                           libav::error_text(status), log.last_in_brackets()));
  }
  write_file(path,
             {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)});
}

}  // namespace posse
