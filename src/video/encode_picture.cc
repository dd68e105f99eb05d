#include "video/encode_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/error.h"
#include "video/libav.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace posse {
namespace {

libav::Owned<AVCodecContext> make_encoder(AVCodecID id, const Image& image, AVPixelFormat format) {
  if (image.width <= 0 || image.height <= 0)
    throw Error(ErrorKind::invalid_value, "an empty picture cannot be coded");
  const AVCodec* codec = avcodec_find_encoder(id);
  if (codec == nullptr) {
    throw Error(ErrorKind::unavailable,
                fmt::format("the installed libavcodec cannot write {}", avcodec_get_name(id)));
  }
  libav::Owned<AVCodecContext> encoder(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  encoder->width = image.width;
  encoder->height = image.height;
  encoder->pix_fmt = format;
  encoder->time_base = {1, 1};
  encoder->thread_count = 1;
  return encoder;
}

libav::Owned<AVFrame> frame_for(const AVCodecContext& codec) {
  auto frame = libav::make_frame();
  frame->width = codec.width;
  frame->height = codec.height;
  frame->format = codec.pix_fmt;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  return frame;
}

std::string coded(AVCodecContext& encoder, const AVFrame& frame) {
  const libav::LogCapture log;
  const auto packet = libav::make_packet();
  int status = avcodec_open2(&encoder, nullptr, nullptr);
  if (status >= 0) status = avcodec_send_frame(&encoder, &frame);
  if (status >= 0) status = avcodec_receive_packet(&encoder, packet.get());
  if (status < 0) {
    throw Error(ErrorKind::io, fmt::format("a picture cannot be coded: {}{}",
                                           libav::error_text(status), log.last_in_brackets()));
  }
  return {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)};
}

/// Between pixel formats of one size. @param rows, lengths  of the planes
void convert(const uint8_t* const* from, const int* from_lengths, AVPixelFormat from_format,
             const AVFrame& to) {
  const libav::Owned<SwsContext> scaler(sws_getContext(
      to.width, to.height, from_format, to.width, to.height, static_cast<AVPixelFormat>(to.format),
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr));
  if (!scaler) throw std::bad_alloc();
  const int* coefficients = sws_getCoefficients(SWS_CS_ITU601);
  sws_setColorspaceDetails(scaler.get(), coefficients, 1, coefficients, 1, 0, 1 << 16, 1 << 16);
  sws_scale(scaler.get(), from, from_lengths, 0, to.height, to.data, to.linesize);
}

/// What libavcodec's SVG decoder gives, cairo's channels times their alpha, put on white.
Image on_white(const AVFrame& frame) {
  const int alpha = 3;
  Image rgba_as_rows(frame.width, frame.height);
  const auto rgba = libav::make_frame();
  rgba->width = frame.width;
  rgba->height = frame.height;
  rgba->format = AV_PIX_FMT_RGBA;
  if (av_frame_get_buffer(rgba.get(), 0) < 0) throw std::bad_alloc();
  convert(frame.data, frame.linesize, static_cast<AVPixelFormat>(frame.format), *rgba);
  for (int row = 0; row < frame.height; ++row) {
    for (int col = 0; col < frame.width; ++col) {
      const uint8_t* from =
          rgba->data[0] + static_cast<ptrdiff_t>(row) * rgba->linesize[0] + col * 4;
      uint8_t* to = rgba_as_rows.pixel(row, col);
      for (int i = 0; i < 3; ++i) {
        to[i] = static_cast<uint8_t>(std::min(255, from[i] + 255 - from[alpha]));
      }
    }
  }
  return rgba_as_rows;
}

}  // namespace

std::string png_of(const Image& image) {
  const auto encoder = make_encoder(AV_CODEC_ID_PNG, image, AV_PIX_FMT_RGB24);
  const auto frame = frame_for(*encoder);
  for (int row = 0; row < image.height; ++row) {
    std::memcpy(frame->data[0] + static_cast<ptrdiff_t>(row) * frame->linesize[0],
                image.pixel(row, 0), static_cast<size_t>(image.width) * 3);
  }
  return coded(*encoder, *frame);
}

std::string jpeg_of(const Image& image, int coarseness) {
  const auto encoder = make_encoder(AV_CODEC_ID_MJPEG, image, AV_PIX_FMT_YUVJ420P);
  encoder->color_range = AVCOL_RANGE_JPEG;
  encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
  encoder->global_quality = FF_QP2LAMBDA * std::clamp(coarseness, 2, 31);
  const auto frame = frame_for(*encoder);
  frame->quality = encoder->global_quality;
  const uint8_t* rows[1] = {image.rgb.data()};
  const int lengths[1] = {image.width * 3};
  const libav::LogCapture log;
  convert(rows, lengths, AV_PIX_FMT_RGB24, *frame);
  return coded(*encoder, *frame);
}

Image image_of_svg(const std::string& svg, int width) {
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_SVG);
  if (codec == nullptr) {
    throw Error(ErrorKind::unavailable, "the installed libavcodec draws no SVG pictures",
                {.hint = "write .svg, or install Debian's libavcodec"});
  }
  const libav::LogCapture log;
  const libav::Owned<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw std::bad_alloc();
  const auto packet = libav::make_packet();
  if (av_new_packet(packet.get(), static_cast<int>(svg.size())) < 0) throw std::bad_alloc();
  std::memcpy(packet->data, svg.data(), svg.size());
  const auto frame = libav::make_frame();
  av_opt_set_int(decoder->priv_data, "width", width, 0);  // the height follows
  int status = avcodec_open2(decoder.get(), codec, nullptr);
  if (status >= 0) status = avcodec_send_packet(decoder.get(), packet.get());
  if (status >= 0) status = avcodec_receive_frame(decoder.get(), frame.get());
  if (status < 0) {
    throw Error(ErrorKind::bad_file,
                fmt::format("a drawing cannot be read: {}{}", libav::error_text(status),
                            log.last_in_brackets()));
  }
  return on_white(*frame);
}

}  // namespace posse
