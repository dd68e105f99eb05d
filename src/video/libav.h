/// Owns libav's objects, gives its error texts, and turns its log into text. Private to src/video.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

namespace posse::libav {

struct Free {
  void operator()(AVFormatContext* context) const;  // an input; outputs are closed by their writer
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

/// @throws std::bad_alloc
Owned<AVFrame> make_frame();
Owned<AVPacket> make_packet();

/// What a stream's container tells of it, as its display matrix; empty if it does not tell it.
std::span<const uint8_t> side_data(const AVStream& stream, AVPacketSideDataType type);

/// libav's own words for a negative return value.
std::string error_text(int code);

/// The name of a pixel format, "unknown" if there is none.
std::string pixel_format_name(int format);

/// What one decoder says, with the packets that it says it about; threads of the decoder may add.
///
/// A decoder that listen_to() was called for says its errors here (and not to a LogCapture), of the
/// packets that send_packet() has numbered.
class DecoderLog {
 public:
  void add(int64_t packet, const std::string& message);
  /// A warning that tells of damage, unless it is a habit of this video: said of the first packet.
  void add_warning(int64_t packet, const std::string& message);

  /// Errors and worse, each different text once, at most 32 texts.
  std::vector<std::string> errors() const;
  /// Remembers the packet that the decoder is given, where the decoder itself cannot.
  void begin_packet(int64_t packet) { packet_ = packet; }
  int64_t packet() const { return packet_; }
  /// Whether something was said about the packet; asked once, it is forgotten.
  bool take(int64_t packet);
  /// Forgets all packets.
  void forget_packets();
  /// For a decoder that began within the video, at pictures that are whole: forgets what was said
  /// of missing references, and passes over what is said of them from now on. It is about pictures
  /// that are left out (leading ones of an open group), and goes on for as long as these would be
  /// kept.
  void ignore_missing_references();

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> errors_;
  std::atomic<int64_t> packet_ = 0;
  std::set<int64_t> packets_;
  std::set<std::string> habits_;
  std::set<int64_t> about_references_;  ///< those of packets_ of which nothing else was said
  bool ignores_references_ = false;
};

/// Lets a decoder say its errors to `log`, which must outlive it; call it before avcodec_open2().
///
/// Up to FFmpeg 5 a decoder carries the number of the packet that each of its threads works on.
/// With later ones frames are decoded one after another, by threads that share a frame: slower
/// where pictures have no slices, but what is said belongs to the right frame.
void listen_to(AVCodecContext& decoder, DecoderLog& log);

/// As avcodec_send_packet(), of a packet with a number that packet_number() gives of its frame.
int send_packet(AVCodecContext& decoder, AVPacket& packet, int64_t number);
int64_t packet_number(const AVFrame& frame);

/// Whether a decoder's message says that a picture is missing which others refer to.
bool is_about_references(std::string_view message);

/// Collects what libav says on this thread while it lives; nothing is ever printed.
///
/// libav has one log function for the whole process; the first LogCapture replaces it by one that
/// hands each message to the decoder's DecoderLog, if it has one, or to the innermost LogCapture of
/// the calling thread, and drops what other threads say. What decoders of sound say is dropped.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  /// Errors and worse, each different text once, at most 32 texts.
  const std::vector<std::string>& errors() const { return errors_; }
  /// The last error in brackets with a leading blank, as " (moov atom not found)"; empty if there
  /// was none.
  std::string last_in_brackets() const;
  void add(const std::string& message);

 private:
  LogCapture* outer_;
  std::vector<std::string> errors_;
};

}  // namespace posse::libav
