#include "video/video_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "base/error.h"
#include "base/text.h"

extern "C" {
#include <libavutil/cpu.h>
}

namespace posse {
namespace fs = std::filesystem;
namespace {

const AVCodec& find_encoder(const fs::path& path, const std::string& name) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (codec != nullptr && codec->type == AVMEDIA_TYPE_VIDEO) return *codec;
  throw Error(
      ErrorKind::unavailable,
      fmt::format("video '{}' cannot be written: the installed libavcodec has no encoder '{}'",
                  path.string(), name),
      {.hint =
           "install a libavcodec built with libx264 (Debian's is), or ask for the encoder mpeg4"});
}

// Small, so that several ticks fit between two frames of a varying rate, and exact for the constant
// one.
int ticks_per_frame(AVRational rate) {
  constexpr int64_t kMostTicksPerSecond = 2'000'000'000;
  return static_cast<int>(std::clamp<int64_t>(kMostTicksPerSecond / rate.num, 1, 1000));
}

void check_values(const fs::path& path, int width, int height, const VideoWriterOptions& options) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("video '{}' cannot be written: {}", path.string(), what));
  };
  if (width <= 0 || height <= 0) refuse(fmt::format("its size is {}x{} pixels", width, height));
  if (!(options.fps > 0) || options.fps > 1e6)
    refuse(fmt::format("{} frames per second, expected 0 to 1000000", options.fps));
  if (options.quality < 0 || options.quality > 51)
    refuse(fmt::format("quality {} is out of range, expected 0 to 51", options.quality));
}

// libx264's list of macroblock costs for AVX-512 uses memory that nobody has set, so that two runs
// give different videos; its AVX2 form, which such machines have too, does not.
void set_x264_options(AVDictionary*& settings, int quality) {
  av_dict_set(&settings, "preset", "veryfast", 0);
  av_dict_set_int(&settings, "crf", quality, 0);
  if ((av_get_cpu_flags() & AV_CPU_FLAG_AVX512) != 0)
    av_dict_set(&settings, "x264-params", "asm=AVX2", 0);
}

void describe_pictures(AVCodecContext& codec, int width, int height) {
  codec.width = even(width);
  codec.height = even(height);
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  // The usual matrix of the size, written into the file so that players need not guess.
  const bool is_hd = height >= 720;
  codec.color_range = AVCOL_RANGE_MPEG;
  codec.colorspace = is_hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  codec.color_primaries = is_hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec.color_trc = is_hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
}

[[noreturn]] void refuse_to_open(const fs::path& path, const AVCodecContext& codec, int status,
                                 const libav::LogCapture& log) {
  throw Error(ErrorKind::unsupported,
              fmt::format("video '{}' of {}x{} pixels cannot be coded by '{}': {}{}", path.string(),
                          codec.width, codec.height, avcodec_get_name(codec.codec_id),
                          libav::error_text(status), log.last_in_brackets()),
              {.hint = "H.264 takes at most 16384 columns and rows, MPEG-4 8191"});
}

}  // namespace

VideoEncoder open_video_encoder(const fs::path& path, int width, int height, bool needs_header,
                                const VideoWriterOptions& options) {
  check_values(path, width, height, options);
  const libav::LogCapture log;
  const AVCodec& codec = find_encoder(path, options.encoder);
  VideoEncoder encoder;
  encoder.codec.reset(avcodec_alloc_context3(&codec));
  if (!encoder.codec) throw std::bad_alloc();
  // MPEG-4 part 2 has 16 bits for the time base.
  const bool is_mpeg4 = codec.id == AV_CODEC_ID_MPEG4;
  encoder.rate = av_d2q(options.fps, is_mpeg4 ? 65535 : 1'000'000);
  if (encoder.rate.num <= 0) encoder.rate = {1, is_mpeg4 ? 65535 : 1'000'000};
  encoder.ticks_per_frame =
      is_mpeg4 ? std::max(1, 65535 / encoder.rate.num) : ticks_per_frame(encoder.rate);
  AVCodecContext& context = *encoder.codec;
  describe_pictures(context, width, height);
  context.framerate = encoder.rate;
  context.time_base = {encoder.rate.den, encoder.rate.num * encoder.ticks_per_frame};
  context.thread_count = std::max(1, options.num_threads);
  context.gop_size = static_cast<int>(std::clamp(2 * options.fps, 12.0, 250.0));
  if (needs_header) context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  AVDictionary* settings = nullptr;
  if (codec.id == AV_CODEC_ID_H264) {
    set_x264_options(settings, options.quality);
  } else {
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = FF_QP2LAMBDA * std::clamp(options.quality / 6, 1, 31);
  }
  const int status = avcodec_open2(&context, &codec, &settings);
  av_dict_free(&settings);
  if (status < 0) refuse_to_open(path, context, status, log);
  return encoder;
}

}  // namespace posse
