#include "video/libav.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>

#include "base/text.h"

extern "C" {
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
}

namespace posse::libav {
namespace {

constexpr size_t kMostMessages = 32;

thread_local LogCapture* innermost = nullptr;

void take_message(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || innermost == nullptr) return;
  std::array<char, 512> buffer{};
  std::vsnprintf(buffer.data(), buffer.size(), format, arguments);
  innermost->add(buffer.data());
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

void LogCapture::add(std::string message) {
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  message = printable(message);
  if (message.empty() || errors_.size() >= kMostMessages) return;
  if (std::find(errors_.begin(), errors_.end(), message) == errors_.end()) {
    errors_.push_back(std::move(message));
  }
}

std::string LogCapture::last_in_brackets() const {
  return errors_.empty() ? std::string() : " (" + errors_.back() + ")";
}

}  // namespace posse::libav
