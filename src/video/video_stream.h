/// One video stream of a file as decoded libav frames. Private to src/video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "video/libav.h"

namespace posse {

/// What the demuxer says about one packet of the stream.
struct PacketFacts {
  int64_t pts = AV_NOPTS_VALUE;
  int64_t dts = AV_NOPTS_VALUE;
  bool is_key = false;
  bool is_damaged = false;  ///< flagged corrupt
  bool is_hidden = false;   ///< to be decoded and thrown away (edit lists)
};

/// Demuxes and decodes sequentially; can be moved to another packet and then goes on from there.
class VideoStream {
 public:
  /// @throws Error as open_video.
  VideoStream(const std::filesystem::path& path, int num_threads);

  /// Next frame in order of presentation; false at the end, or where the file breaks off (see
  /// broke_off()).
  bool next(AVFrame& frame);

  /// Facts of the next packet, without decoding it; nullopt at the end or on a read error. After
  /// it, seek before next().
  std::optional<PacketFacts> next_packet_facts();

  /// Goes to the keyframe at or before `timestamp` (the container's choice) and empties the
  /// decoder.
  /// @return false if the container cannot.
  bool seek(int64_t timestamp);

  const AVStream& stream() const { return *stream_; }
  const AVFormatContext& format() const { return *format_; }
  const AVCodecContext& decoder() const { return *decoder_; }
  double seconds(int64_t timestamp) const;

  /// Facts of the first packet that went into the decoder since opening or seeking.
  const std::optional<PacketFacts>& first_packet() const { return first_packet_; }
  int64_t num_packets() const { return num_packets_; }  ///< that went into the decoder
  int64_t num_hidden() const { return num_hidden_; }    ///< of these: hidden by the container
  int64_t num_empty() const { return num_empty_; }  ///< without any data (dropped while recording)
  int64_t num_undecodable() const {
    return num_undecodable_;
  }  ///< packets that the decoder refused
  /// Frames lost before the last frame that next() gave, as far as presentation times tell.
  int64_t num_gaps() const { return num_gaps_; }
  /// Everything was read; next() gives what the decoder still holds.
  bool at_end_of_file() const { return at_end_of_file_; }
  const std::string& broke_off() const { return broke_off_; }
  const std::vector<std::string>& complaints() const {
    return complaints_;
  }  ///< libav's, each once

 private:
  void open_container(const std::filesystem::path& path);
  void choose_stream(const std::filesystem::path& path);
  void open_decoder(const std::filesystem::path& path, int num_threads);
  bool read_packet();
  void feed_decoder();
  void account_for(const AVFrame& frame);
  void note_refusal();
  void keep_complaints(const libav::LogCapture& log);

  libav::Owned<AVFormatContext> format_;
  AVStream* stream_ = nullptr;
  libav::Owned<AVCodecContext> decoder_;
  libav::Owned<AVPacket> packet_ = libav::make_packet();
  bool at_end_of_file_ = false;
  std::optional<PacketFacts> first_packet_;
  int64_t num_packets_ = 0;
  int64_t num_hidden_ = 0;
  int64_t num_empty_ = 0;
  int64_t num_undecodable_ = 0;
  int64_t num_gaps_ = 0;
  int64_t refusals_to_place_ = 0;  // refused packets whose place among the frames is not known yet
  std::multiset<int64_t>
      awaited_;  // presentation times of packets whose frame has not come out yet
  std::string broke_off_;
  std::vector<std::string> complaints_;
};

}  // namespace posse
