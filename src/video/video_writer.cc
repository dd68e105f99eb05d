#include "video/video_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "video/libav.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace posse {
namespace fs = std::filesystem;
namespace {

// Times that lie this near (in frames) to the grid are rounding of a constant rate, such as
// Matroska's milliseconds.
constexpr double kSnap = 0.03;

struct CloseOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

const char* container_for(const fs::path& path) {
  const std::string extension = ascii_lower(path.extension().string());
  if (extension == ".mp4") return "mp4";
  if (extension == ".mov") return "mov";
  if (extension == ".mkv") return "matroska";
  if (extension == ".avi") return "avi";
  throw Error(
      ErrorKind::invalid_value,
      fmt::format("video '{}' cannot be written: unknown ending '{}'", path.string(), extension),
      {.have = ".mp4, .mov, .mkv, .avi"});
}

const AVCodec& find_encoder(const std::string& name) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (codec != nullptr && codec->type == AVMEDIA_TYPE_VIDEO) return *codec;
  throw Error(
      ErrorKind::unavailable,
      fmt::format("the installed libavcodec has no encoder '{}', so no video can be written", name),
      {.hint =
           "install a libavcodec built with libx264 (Debian's is), or ask for the encoder mpeg4"});
}

int even(int size) { return size + size % 2; }

// Small, so that several ticks fit between two frames of a varying rate, and exact for the constant
// one.
int ticks_per_frame(AVRational rate) {
  constexpr int64_t kMostTicksPerSecond = 2'000'000'000;
  return static_cast<int>(std::clamp<int64_t>(kMostTicksPerSecond / rate.num, 1, 1000));
}

}  // namespace

class VideoWriter::Encoder {
 public:
  Encoder(const fs::path& path, int width, int height, const VideoWriterOptions& options);
  void write(const Image& image, double time_seconds);
  void finish();
  int coded_width() const { return even(width_); }
  int coded_height() const { return even(height_); }

 private:
  void open_encoder(const VideoWriterOptions& options);
  void open_file();
  void make_converter();
  void convert(const Image& image);
  int64_t timestamp(double time_seconds);
  void drain();
  void check(int status, const char* doing, const libav::LogCapture& log) const;

  fs::path path_;
  int width_;
  int height_;
  AVRational rate_{};
  int ticks_ = 1;  // of the encoder's time base in a frame
  PendingFile pending_;
  std::unique_ptr<AVFormatContext, CloseOutput> format_;
  libav::Owned<AVCodecContext> codec_;
  libav::Owned<SwsContext> converter_;
  libav::Owned<AVFrame> padded_ = libav::make_frame();
  libav::Owned<AVFrame> picture_ = libav::make_frame();
  libav::Owned<AVPacket> packet_ = libav::make_packet();
  AVStream* stream_ = nullptr;
  double first_time_ = std::numeric_limits<double>::quiet_NaN();
  int64_t last_timestamp_ = -1;
  bool is_finished_ = false;
};

VideoWriter::Encoder::Encoder(const fs::path& path, int width, int height,
                              const VideoWriterOptions& options)
    : path_(path), width_(width), height_(height), pending_(path) {
  if (width <= 0 || height <= 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("a video of {}x{} pixels cannot be written", width, height));
  }
  if (!(options.fps > 0) || options.fps > 1e6) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("a video of {} frames per second cannot be written: expected 0 to 1000000",
                    options.fps));
  }
  if (options.quality < 0 || options.quality > 51) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("video quality {} is out of range: expected 0 to 51", options.quality));
  }
  rate_ = av_d2q(options.fps, 1'000'000);
  if (rate_.num <= 0) rate_ = {1, 1'000'000};
  ticks_ = ticks_per_frame(rate_);
  const libav::LogCapture log;
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, nullptr, container_for(path),
                                       pending_.temporary().c_str()),
        "be prepared", log);
  format_.reset(context);
  open_encoder(options);
  open_file();
  make_converter();
}

void VideoWriter::Encoder::check(int status, const char* doing,
                                 const libav::LogCapture& log) const {
  if (status >= 0) return;
  const bool disk_is_full = status == AVERROR(ENOSPC);
  throw Error(
      ErrorKind::io,
      fmt::format("video '{}' cannot {}: {}{}", path_.string(), doing, libav::error_text(status),
                  log.last_in_brackets()),
      {.hint =
           disk_is_full ? "the disk is full: free some space and run the same command again" : ""});
}

void VideoWriter::Encoder::open_encoder(const VideoWriterOptions& options) {
  const libav::LogCapture log;
  const AVCodec& codec = find_encoder(options.encoder);
  codec_.reset(avcodec_alloc_context3(&codec));
  if (!codec_) throw std::bad_alloc();
  // MPEG-4 part 2 has 16 bits for the time base.
  if (codec.id == AV_CODEC_ID_MPEG4) {
    if (rate_.num > 65535) rate_ = av_d2q(options.fps, 65535);
    ticks_ = std::max(1, 65535 / rate_.num);
  }
  codec_->width = coded_width();
  codec_->height = coded_height();
  codec_->pix_fmt = AV_PIX_FMT_YUV420P;
  codec_->framerate = rate_;
  codec_->time_base = {rate_.den, rate_.num * ticks_};
  codec_->thread_count = std::max(1, options.num_threads);
  codec_->gop_size = static_cast<int>(std::clamp(2 * options.fps, 12.0, 250.0));
  // The usual matrix of the size, written into the file so that players need not guess.
  const bool is_hd = height_ >= 720;
  codec_->color_range = AVCOL_RANGE_MPEG;
  codec_->colorspace = is_hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  codec_->color_primaries = is_hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec_->color_trc = is_hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0)
    codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  AVDictionary* settings = nullptr;
  if (codec.id == AV_CODEC_ID_H264) {
    av_dict_set(&settings, "preset", "veryfast", 0);
    av_dict_set_int(&settings, "crf", options.quality, 0);
  } else {
    codec_->flags |= AV_CODEC_FLAG_QSCALE;
    codec_->global_quality = FF_QP2LAMBDA * std::clamp(options.quality / 6, 1, 31);
  }
  const int status = avcodec_open2(codec_.get(), &codec, &settings);
  av_dict_free(&settings);
  check(status, "be encoded", log);
}

void VideoWriter::Encoder::open_file() {
  const libav::LogCapture log;
  stream_ = avformat_new_stream(format_.get(), nullptr);
  if (stream_ == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "be described", log);
  stream_->time_base = codec_->time_base;
  stream_->avg_frame_rate = rate_;
  check(avio_open(&format_->pb, ("file:" + pending_.temporary().string()).c_str(), AVIO_FLAG_WRITE),
        "be made", log);
  AVDictionary* settings = nullptr;
  av_dict_set(&settings, "movflags", "+faststart", 0);
  const int status = avformat_write_header(format_.get(), &settings);
  av_dict_free(&settings);
  check(status, "be begun", log);
}

void VideoWriter::Encoder::make_converter() {
  picture_->width = padded_->width = coded_width();
  picture_->height = padded_->height = coded_height();
  picture_->format = AV_PIX_FMT_YUV420P;
  padded_->format = AV_PIX_FMT_RGB24;
  if (av_frame_get_buffer(picture_.get(), 0) < 0 || av_frame_get_buffer(padded_.get(), 0) < 0)
    throw std::bad_alloc();
  picture_->color_range = codec_->color_range;
  picture_->colorspace = codec_->colorspace;
  converter_.reset(sws_getContext(coded_width(), coded_height(), AV_PIX_FMT_RGB24, coded_width(),
                                  coded_height(), AV_PIX_FMT_YUV420P, SWS_BICUBIC, nullptr, nullptr,
                                  nullptr));
  if (!converter_) throw std::bad_alloc();
  constexpr int kOne = 1 << 16;
  sws_setColorspaceDetails(converter_.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                           sws_getCoefficients(codec_->colorspace), 0, 0, kOne, kOne);
}

void VideoWriter::Encoder::convert(const Image& image) {
  const size_t row_bytes = static_cast<size_t>(width_) * 3;
  for (int row = 0; row < coded_height(); ++row) {
    uint8_t* target = padded_->data[0] + static_cast<ptrdiff_t>(row) * padded_->linesize[0];
    std::memcpy(target, image.pixel(std::min(row, height_ - 1), 0), row_bytes);
    if (coded_width() > width_) std::memcpy(target + row_bytes, target + row_bytes - 3, 3);
  }
  if (av_frame_make_writable(picture_.get()) < 0) throw std::bad_alloc();
  sws_scale(converter_.get(), padded_->data, padded_->linesize, 0, coded_height(), picture_->data,
            picture_->linesize);
}

int64_t VideoWriter::Encoder::timestamp(double time_seconds) {
  if (std::isnan(time_seconds)) return last_timestamp_ < 0 ? 0 : last_timestamp_ + ticks_;
  if (last_timestamp_ < 0) first_time_ = time_seconds;
  if (std::isnan(first_time_)) {
    throw Error(ErrorKind::invalid_value, "a frame with a time cannot follow one without");
  }
  const double frames = (time_seconds - first_time_) * av_q2d(rate_);
  if (!(std::abs(frames) < 1e12)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("frame time {} s is out of range", time_seconds));
  }
  const double on_grid = std::round(frames);
  const auto ticks = std::abs(frames - on_grid) < kSnap ? std::llround(on_grid) * ticks_
                                                        : std::llround(frames * ticks_);
  if (ticks <= last_timestamp_) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("frame times must increase: {} s is not after the frame before", time_seconds));
  }
  return ticks;
}

void VideoWriter::Encoder::write(const Image& image, double time_seconds) {
  POSSE_ASSERT(!is_finished_);
  if (image.width != width_ || image.height != height_) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("a picture of {}x{} does not fit into video '{}' of {}x{}", image.width,
                            image.height, path_.string(), width_, height_));
  }
  const int64_t when = timestamp(time_seconds);
  const libav::LogCapture log;
  convert(image);
  picture_->pts = when;
  picture_->pict_type = AV_PICTURE_TYPE_NONE;
  last_timestamp_ = when;
  check(avcodec_send_frame(codec_.get(), picture_.get()), "be encoded", log);
  drain();
}

void VideoWriter::Encoder::drain() {
  const libav::LogCapture log;
  for (;;) {
    const int status = avcodec_receive_packet(codec_.get(), packet_.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    check(status, "be encoded", log);
    packet_->stream_index = stream_->index;
    packet_->duration = ticks_;
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
    check(av_interleaved_write_frame(format_.get(), packet_.get()), "be written", log);
    check(format_->pb->error, "be written", log);
  }
}

void VideoWriter::Encoder::finish() {
  if (is_finished_) return;
  if (last_timestamp_ < 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("video '{}' would have no frames", path_.string()));
  }
  const libav::LogCapture log;
  check(avcodec_send_frame(codec_.get(), nullptr), "be encoded", log);
  drain();
  check(av_write_trailer(format_.get()), "be completed", log);
  avio_flush(format_->pb);
  check(format_->pb->error, "be completed", log);
  check(avio_closep(&format_->pb), "be closed", log);
  pending_.commit();
  is_finished_ = true;
}

VideoWriter::VideoWriter(const fs::path& path, int width, int height,
                         const VideoWriterOptions& options)
    : encoder_(std::make_unique<Encoder>(path, width, height, options)) {}

VideoWriter::~VideoWriter() = default;

void VideoWriter::write(const Image& image, double time_seconds) {
  encoder_->write(image, time_seconds);
}

void VideoWriter::finish() { encoder_->finish(); }

int VideoWriter::coded_width() const { return encoder_->coded_width(); }

int VideoWriter::coded_height() const { return encoder_->coded_height(); }

}  // namespace posse
