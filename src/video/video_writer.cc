#include "video/video_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "video/libav.h"
#include "video/presentation_clock.h"
#include "video/video_encoder.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

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

bool keeps_header_apart(const fs::path& path) {
  return std::string_view(container_for(path)) != "avi";
}

}  // namespace

class VideoWriter::Encoder {
 public:
  Encoder(const fs::path& path, int width, int height, const VideoWriterOptions& options);
  void write(const Image& image, double time_seconds);
  void finish();
  int coded_width() const { return even(width_); }
  int coded_height() const { return even(height_); }
  std::vector<std::string> warnings() const { return clock_.warnings(); }

 private:
  void open_file();
  void make_converter();
  void convert(const Image& image);
  void drain();
  void check(int status, const char* doing, const libav::LogCapture& log) const;

  fs::path path_;
  int width_;
  int height_;
  VideoEncoder coding_;
  PresentationClock clock_;
  PendingFile pending_;
  std::unique_ptr<AVFormatContext, CloseOutput> format_;
  libav::Owned<SwsContext> converter_;
  libav::Owned<AVFrame> padded_ = libav::make_frame();
  libav::Owned<AVFrame> picture_ = libav::make_frame();
  libav::Owned<AVPacket> packet_ = libav::make_packet();
  AVStream* stream_ = nullptr;
  bool is_finished_ = false;
};

VideoWriter::Encoder::Encoder(const fs::path& path, int width, int height,
                              const VideoWriterOptions& options)
    : path_(path),
      width_(width),
      height_(height),
      coding_(open_video_encoder(path, width, height, keeps_header_apart(path), options)),
      clock_(av_q2d(coding_.rate), coding_.ticks_per_frame),
      pending_(path) {
  const libav::LogCapture log;
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, nullptr, container_for(path),
                                       pending_.temporary().c_str()),
        "be prepared", log);
  format_.reset(context);
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

void VideoWriter::Encoder::open_file() {
  const libav::LogCapture log;
  stream_ = avformat_new_stream(format_.get(), nullptr);
  if (stream_ == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_from_context(stream_->codecpar, coding_.codec.get()), "be described",
        log);
  stream_->time_base = coding_.codec->time_base;
  stream_->avg_frame_rate = coding_.rate;
  check(avio_open(&format_->pb, ("file:" + pending_.temporary().string()).c_str(), AVIO_FLAG_WRITE),
        "be made", log);
  // Matroska would draw a random number for the file.
  format_->flags |= AVFMT_FLAG_BITEXACT;
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
  picture_->color_range = coding_.codec->color_range;
  picture_->colorspace = coding_.codec->colorspace;
  converter_.reset(sws_getContext(coded_width(), coded_height(), AV_PIX_FMT_RGB24, coded_width(),
                                  coded_height(), AV_PIX_FMT_YUV420P, SWS_BICUBIC, nullptr, nullptr,
                                  nullptr));
  if (!converter_) throw std::bad_alloc();
  constexpr int kOne = 1 << 16;
  sws_setColorspaceDetails(converter_.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                           sws_getCoefficients(coding_.codec->colorspace), 0, 0, kOne, kOne);
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

void VideoWriter::Encoder::write(const Image& image, double time_seconds) {
  POSSE_ASSERT(!is_finished_);
  if (image.width != width_ || image.height != height_) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("a picture of {}x{} does not fit into video '{}' of {}x{}", image.width,
                            image.height, path_.string(), width_, height_));
  }
  const libav::LogCapture log;
  convert(image);
  picture_->pts = clock_.place(time_seconds);
  picture_->pict_type = AV_PICTURE_TYPE_NONE;
  check(avcodec_send_frame(coding_.codec.get(), picture_.get()), "be encoded", log);
  drain();
}

void VideoWriter::Encoder::drain() {
  const libav::LogCapture log;
  for (;;) {
    const int status = avcodec_receive_packet(coding_.codec.get(), packet_.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    check(status, "be encoded", log);
    packet_->stream_index = stream_->index;
    packet_->duration = coding_.ticks_per_frame;
    av_packet_rescale_ts(packet_.get(), coding_.codec->time_base, stream_->time_base);
    check(av_interleaved_write_frame(format_.get(), packet_.get()), "be written", log);
    check(format_->pb->error, "be written", log);
  }
}

void VideoWriter::Encoder::finish() {
  if (is_finished_) return;
  if (clock_.num_frames() == 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("video '{}' would have no frames", path_.string()));
  }
  const libav::LogCapture log;
  check(avcodec_send_frame(coding_.codec.get(), nullptr), "be encoded", log);
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

std::vector<std::string> VideoWriter::warnings() const { return encoder_->warnings(); }

void VideoWriter::check(const fs::path& path, int width, int height,
                        const VideoWriterOptions& options) {
  open_video_encoder(path, width, height, keeps_header_apart(path), options);
}

int VideoWriter::coded_width() const { return encoder_->coded_width(); }

int VideoWriter::coded_height() const { return encoder_->coded_height(); }

}  // namespace posse
