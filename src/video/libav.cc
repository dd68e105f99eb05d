#include "video/libav.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>
#include <string_view>

#include "base/text.h"

extern "C" {
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
}

namespace posse::libav {
namespace {

constexpr size_t kMostMessages = 32;

// Of which no frame has come out yet; decoders hold back far fewer.
constexpr size_t kMostPackets = 1024;

thread_local LogCapture* innermost = nullptr;

const AVCodecContext* as_codec(void* speaker) {
  const bool is_codec =
      speaker != nullptr && *static_cast<const AVClass* const*>(speaker) == avcodec_get_class();
  return is_codec ? static_cast<const AVCodecContext*>(speaker) : nullptr;
}

// FFmpeg 6 deprecated, and 7 took, the field by which a decoder carries a number from a packet to
// its frame and to the thread that works on it.
#if LIBAVCODEC_VERSION_MAJOR < 60
int64_t packet_at_work(const AVCodecContext& decoder, const DecoderLog& /*log*/) {
  return decoder.reordered_opaque;
}
void carry_numbers(AVCodecContext& /*decoder*/) {}
void give_number(AVCodecContext& decoder, AVPacket& /*packet*/, int64_t number) {
  decoder.reordered_opaque = number;
}
int64_t number_of(const AVFrame& frame) { return frame.reordered_opaque; }
#else
int64_t packet_at_work(const AVCodecContext& /*decoder*/, const DecoderLog& log) {
  return log.packet();
}
void carry_numbers(AVCodecContext& decoder) {
  decoder.flags |= AV_CODEC_FLAG_COPY_OPAQUE;
  decoder.thread_type = FF_THREAD_SLICE;
}
void give_number(AVCodecContext& decoder, AVPacket& packet, int64_t number) {
  packet.opaque = reinterpret_cast<void*>(number);  // NOLINT(performance-no-int-to-ptr)
  static_cast<DecoderLog*>(decoder.opaque)->begin_packet(number);
}
int64_t number_of(const AVFrame& frame) { return reinterpret_cast<int64_t>(frame.opaque); }
#endif

// A JPEG that ends before its picture does: the rest is grey.
bool is_warning_of_damage(std::string_view format) { return format.starts_with("EOI missing"); }

void take_message(void* speaker, int level, const char* format, va_list arguments) {
  const bool is_damage = level == AV_LOG_WARNING && is_warning_of_damage(format);
  if (level > AV_LOG_ERROR && !is_damage) return;
  const AVCodecContext* codec = as_codec(speaker);
  const bool is_decoder = codec != nullptr && av_codec_is_decoder(codec->codec) != 0;
  if (is_decoder && codec->codec_type != AVMEDIA_TYPE_VIDEO) return;
  auto* log = is_decoder ? static_cast<DecoderLog*>(codec->opaque) : nullptr;
  if (log == nullptr && (innermost == nullptr || is_damage)) return;
  std::array<char, 512> buffer{};
  std::vsnprintf(buffer.data(), buffer.size(), format, arguments);
  if (log != nullptr) {
    const int64_t packet = packet_at_work(*codec, *log);
    return is_damage ? log->add_warning(packet, buffer.data()) : log->add(packet, buffer.data());
  }
  innermost->add(buffer.data());
}

void add_once(std::string message, std::vector<std::string>& messages) {
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  message = printable(message);
  if (message.empty() || messages.size() >= kMostMessages) return;
  if (std::find(messages.begin(), messages.end(), message) == messages.end())
    messages.push_back(std::move(message));
}

}  // namespace

void Free::operator()(AVFormatContext* context) const { avformat_close_input(&context); }

Owned<AVFrame> make_frame() {
  Owned<AVFrame> frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

Owned<AVPacket> make_packet() {
  Owned<AVPacket> packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

std::span<const uint8_t> side_data(const AVStream& stream, AVPacketSideDataType type) {
#if LIBAVCODEC_VERSION_MAJOR < 61
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, type, &size);
  return data == nullptr ? std::span<const uint8_t>() : std::span(data, size);
#else
  const AVCodecParameters& parameters = *stream.codecpar;
  const AVPacketSideData* found =
      av_packet_side_data_get(parameters.coded_side_data, parameters.nb_coded_side_data, type);
  return found == nullptr ? std::span<const uint8_t>() : std::span(found->data, found->size);
#endif
}

std::string error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> buffer{};
  av_strerror(code, buffer.data(), buffer.size());
  return buffer.data();
}

std::string pixel_format_name(int format) {
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(format));
  return name != nullptr ? name : "unknown";
}

LogCapture::LogCapture() : outer_(innermost) {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(take_message); });
  innermost = this;
}

LogCapture::~LogCapture() { innermost = outer_; }

void LogCapture::add(const std::string& message) { add_once(message, errors_); }

void DecoderLog::add(int64_t packet, const std::string& message) {
  const std::lock_guard lock(mutex_);
  const bool about_references = is_about_references(message);
  if (about_references && ignores_references_) return;
  add_once(message, errors_);
  if (about_references && !packets_.contains(packet)) {
    about_references_.insert(packet);
  } else if (!about_references) {
    about_references_.erase(packet);
  }
  packets_.insert(packet);
  if (packets_.size() > kMostPackets) packets_.erase(packets_.begin());
}

void DecoderLog::add_warning(int64_t packet, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    if (packet <= 1) habits_.insert(message);
    if (habits_.contains(message)) return;
  }
  add(packet, message);
}

std::vector<std::string> DecoderLog::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

void listen_to(AVCodecContext& decoder, DecoderLog& log) {
  decoder.opaque = &log;
  carry_numbers(decoder);
}

int send_packet(AVCodecContext& decoder, AVPacket& packet, int64_t number) {
  give_number(decoder, packet, number);
  return avcodec_send_packet(&decoder, &packet);
}

int64_t packet_number(const AVFrame& frame) { return number_of(frame); }

bool DecoderLog::take(int64_t packet) {
  const std::lock_guard lock(mutex_);
  return packets_.erase(packet) > 0;
}

void DecoderLog::ignore_missing_references() {
  const std::lock_guard lock(mutex_);
  ignores_references_ = true;
  std::erase_if(errors_, [](const std::string& message) { return is_about_references(message); });
  for (const int64_t packet : about_references_) packets_.erase(packet);
  about_references_.clear();
}

// H.264 as libavcodec/h264_refs.c words it.
bool is_about_references(std::string_view message) {
  for (const std::string_view words : {"reference picture missing", "Missing reference picture",
                                       "mmco: unref short failure", "number of reference frames"}) {
    if (message.find(words) != std::string_view::npos) return true;
  }
  return false;
}

void DecoderLog::forget_packets() {
  const std::lock_guard lock(mutex_);
  packets_.clear();
}

std::string LogCapture::last_in_brackets() const {
  return errors_.empty() ? std::string() : " (" + errors_.back() + ")";
}

}  // namespace posse::libav
