/// Decodes one video stream of a file into libav frames. Private to src/video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
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

  /// Other video streams of the file, as "stream 1 (mjpeg, 160x120)"; empty if there are none.
  const std::string& other_streams() const { return other_streams_; }

  /// Facts of the first packet that went into the decoder since opening or seeking.
  const std::optional<PacketFacts>& first_packet() const { return first_packet_; }
  int64_t num_packets() const { return num_packets_; }  ///< that went into the decoder
  int64_t num_hidden() const { return num_hidden_; }    ///< of these: hidden by the container
  int64_t num_empty() const { return num_empty_; }  ///< without any data (dropped while recording)
  /// Packets that the decoder refused, and those of the container's index that are not in the file.
  int64_t num_undecodable() const { return num_undecodable_ + num_not_found_; }
  int64_t num_not_found() const { return num_not_found_; }  ///< the latter alone
  /// Frames lost before the last frame that next() gave, as far as presentation times tell.
  int64_t num_gaps() const { return num_gaps_; }
  /// Everything was read; next() gives what the decoder still holds.
  bool at_end_of_file() const { return at_end_of_file_; }
  /// The decoder said something about the last frame that next() gave, which it need not have
  /// flagged.
  bool has_complaint() const { return has_complaint_; }
  /// As DecoderLog::ignore_missing_references().
  void ignore_missing_references();
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
  void find_in_index();
  void keep_complaints(const std::vector<std::string>& texts);

  libav::DecoderLog decoder_log_;  // outlives the decoder's threads
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
  int64_t num_not_found_ = 0;
  std::optional<int>
      next_index_entry_;  // of the container's index; none if that is not to be trusted
  std::map<int64_t, int64_t> not_found_before_;  // packets that are not there, by the packet behind
  int64_t refusals_to_place_ = 0;  // refused packets whose place among the frames is not known yet
  std::multiset<int64_t>
      awaited_;  // presentation times of packets whose frame has not come out yet
  bool has_complaint_ = false;
  std::string other_streams_;
  std::string broke_off_;
  std::vector<std::string> complaints_;
};

}  // namespace posse
