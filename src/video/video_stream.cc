#include "video/video_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <new>
#include <string_view>

#include "base/error.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

// Containers that hold videos. Others that libavformat knows would read text as a picture of it,
// follow references to other files, or open the network.
constexpr const char* kContainers =
    "mov,mp4,avi,matroska,webm,mpeg,mpegts,mpegvideo,asf,flv,ogg,nut,h264,hevc,m4v,mjpeg,gif,apng,"
    "ivf,obu,mxf,"
    "yuv4mpegpipe,dv,rm,gxf,vc1";

// A decoder that still refuses after so many calls without new data would do so for ever.
constexpr int kMostRefusalsInARow = 256;

constexpr size_t kMostComplaints = 32;

// Beyond this many packets without a frame the oldest cannot belong to a frame that is still to
// come.
constexpr size_t kMostAwaited = 512;

// Bytes of an AVI chunk before its data.
constexpr int64_t kChunkHeader = 8;

PacketFacts facts_of(const AVPacket& packet) {
  return {.pts = packet.pts,
          .dts = packet.dts,
          .is_key = (packet.flags & AV_PKT_FLAG_KEY) != 0,
          .is_damaged = (packet.flags & AV_PKT_FLAG_CORRUPT) != 0,
          .is_hidden = (packet.flags & AV_PKT_FLAG_DISCARD) != 0};
}

bool can_be_read(const fs::path& path) {
  return std::ifstream(path, std::ios::binary).get() != std::ifstream::traits_type::eof();
}

[[noreturn]] void refuse_file(const fs::path& path, int code, const libav::LogCapture& log) {
  if (code == AVERROR(ENOENT)) {
    throw Error(ErrorKind::not_found, fmt::format("video '{}' does not exist", path.string()));
  }
  // Demuxers say EIO of damaged files too.
  const bool is_refused = code == AVERROR(EACCES) || code == AVERROR(EPERM);
  if (is_refused || (code == AVERROR(EIO) && !can_be_read(path))) {
    throw Error(ErrorKind::io, fmt::format("video '{}' cannot be read: {}", path.string(),
                                           libav::error_text(code)));
  }
  throw Error(
      ErrorKind::bad_file,
      fmt::format("'{}' is not a video that can be read{}", path.string(), log.last_in_brackets()),
      {.hint = "expected a video file such as mp4, avi, mov, mkv, or a folder of pictures; a "
               "recording that was "
               "not closed properly has to be repaired first"});
}

}  // namespace

VideoStream::VideoStream(const fs::path& path, int num_threads) {
  open_container(path);
  choose_stream(path);
  open_decoder(path, num_threads);
}

void VideoStream::open_container(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error) && fs::file_size(path, error) == 0 && !error) {
    throw Error(ErrorKind::bad_file, fmt::format("video '{}' is empty (0 bytes)", path.string()));
  }
  const libav::LogCapture log;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kContainers, 0);
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  AVFormatContext* context = nullptr;
  const int status =
      avformat_open_input(&context, ("file:" + path.string()).c_str(), nullptr, &options);
  av_dict_free(&options);
  if (status < 0) refuse_file(path, status, log);
  format_.reset(context);
  const int found = avformat_find_stream_info(context, nullptr);
  if (found < 0) refuse_file(path, found, log);
  keep_complaints(log.errors());
}

void VideoStream::choose_stream(const fs::path& path) {
  const int index = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0 || (format_->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    std::string have;
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      const AVCodecParameters& parameters = *format_->streams[i]->codecpar;
      const char* type = av_get_media_type_string(parameters.codec_type);
      have += fmt::format("{}{} ({})", i == 0 ? "" : ", ", type != nullptr ? type : "unknown",
                          avcodec_get_name(parameters.codec_id));
    }
    throw Error(ErrorKind::bad_file, fmt::format("'{}' has no video stream", path.string()),
                {.have = have.empty() ? "no stream at all" : have});
  }
  stream_ = format_->streams[index];
  // Others number their packets by times, or have an index that leads to the packets.
  if (std::string_view(format_->iformat->name) == "avi") next_index_entry_ = 0;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream& other = *format_->streams[i];
    if (static_cast<int>(i) == index) continue;
    other.discard = AVDISCARD_ALL;
    const AVCodecParameters& parameters = *other.codecpar;
    const bool is_cover = (other.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (parameters.codec_type != AVMEDIA_TYPE_VIDEO || is_cover) continue;
    other_streams_ +=
        fmt::format("{}stream {} ({}, {}x{})", other_streams_.empty() ? "" : ", ", i,
                    avcodec_get_name(parameters.codec_id), parameters.width, parameters.height);
  }
}

void VideoStream::open_decoder(const fs::path& path, int num_threads) {
  const AVCodec* codec = avcodec_find_decoder(stream_->codecpar->codec_id);
  const char* name = avcodec_get_name(stream_->codecpar->codec_id);
  if (codec == nullptr) {
    throw Error(
        ErrorKind::unsupported,
        fmt::format("video '{}' is coded as '{}', which the installed libavcodec cannot decode",
                    path.string(), name),
        {.hint = "convert it, for example with ffmpeg -i VIDEO -c:v libx264 -crf 12 OUTPUT.mp4"});
  }
  const libav::LogCapture log;
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), stream_->codecpar) < 0)
    throw std::bad_alloc();
  decoder_->thread_count = std::max(0, num_threads);
  decoder_->pkt_timebase = stream_->time_base;
  libav::listen_to(*decoder_, decoder_log_);
  const int status = avcodec_open2(decoder_.get(), codec, nullptr);
  if (status < 0) {
    throw Error(ErrorKind::bad_file,
                fmt::format("video '{}': decoder '{}' does not start: {}{}", path.string(), name,
                            libav::error_text(status), log.last_in_brackets()));
  }
  keep_complaints(log.errors());
}

double VideoStream::seconds(int64_t timestamp) const {
  if (timestamp == AV_NOPTS_VALUE) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(timestamp) * stream_->time_base.num / stream_->time_base.den;
}

bool VideoStream::read_packet() {
  for (;;) {
    av_packet_unref(packet_.get());
    const int status = av_read_frame(format_.get(), packet_.get());
    if (status < 0) {
      const bool is_plain_end =
          status == AVERROR_EOF && (format_->pb == nullptr || format_->pb->error >= 0);
      if (!is_plain_end) broke_off_ = fmt::format("reading failed: {}", libav::error_text(status));
      at_end_of_file_ = true;
      return false;
    }
    if (packet_->stream_index != stream_->index) continue;
    find_in_index();
    if (packet_->size > 0) return true;
    ++num_empty_;
  }
}

// AVI counts its frames; a damaged one would give its number to the next, were it not for the index
// at the end of the file. Only an index that has every packet so far, in this order, is believed.
void VideoStream::find_in_index() {
  if (!next_index_entry_) return;
  const int num_entries = avformat_index_get_entries_count(stream_);
  int64_t num_passed_over = 0;
  for (int i = *next_index_entry_; i < num_entries; ++i) {
    const AVIndexEntry* entry = avformat_index_get_entry(stream_, i);
    if (entry->pos + kChunkHeader == packet_->pos) {
      next_index_entry_ = i + 1;
      if (num_passed_over == 0) return;
      num_not_found_ += num_passed_over;
      not_found_before_[num_packets_ + 1] += num_passed_over;
      return;
    }
    if (entry->size > 0) ++num_passed_over;
  }
  next_index_entry_.reset();
}

std::optional<PacketFacts> VideoStream::next_packet_facts() {
  const libav::LogCapture log;
  if (!read_packet()) return std::nullopt;
  return facts_of(*packet_);
}

bool VideoStream::seek(int64_t timestamp) {
  const libav::LogCapture log;
  avcodec_flush_buffers(decoder_.get());
  decoder_log_.forget_packets();
  at_end_of_file_ = false;
  broke_off_.clear();
  first_packet_.reset();
  awaited_.clear();
  next_index_entry_.reset();
  not_found_before_.clear();
  num_not_found_ = 0;
  num_packets_ = num_hidden_ = num_empty_ = num_undecodable_ = num_gaps_ = refusals_to_place_ = 0;
  return av_seek_frame(format_.get(), stream_->index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0;
}

bool VideoStream::next(AVFrame& frame) {
  const libav::LogCapture log;
  bool got_frame = false;
  int refusals_in_a_row = 0;
  while (refusals_in_a_row < kMostRefusalsInARow) {
    const int status = avcodec_receive_frame(decoder_.get(), &frame);
    if (status == 0) {
      account_for(frame);
      got_frame = true;
      break;
    }
    if (status == AVERROR_EOF) break;
    if (status == AVERROR(EAGAIN)) {
      feed_decoder();
      refusals_in_a_row = 0;
    } else {
      note_refusal();
      ++refusals_in_a_row;
    }
  }
  if (refusals_in_a_row == kMostRefusalsInARow)
    broke_off_ = "the decoder fails again and again on the same data";
  has_complaint_ = got_frame && decoder_log_.take(libav::packet_number(frame));
  keep_complaints(log.errors());
  keep_complaints(decoder_log_.errors());
  return got_frame;
}

void VideoStream::feed_decoder() {
  if (at_end_of_file_ || !read_packet()) {
    avcodec_send_packet(decoder_.get(),
                        nullptr);  // flush: the decoder hands out what it holds back
    return;
  }
  const PacketFacts facts = facts_of(*packet_);
  if (!first_packet_) first_packet_ = facts;
  ++num_packets_;
  if (facts.is_hidden) ++num_hidden_;
  if (facts.pts != AV_NOPTS_VALUE && !facts.is_hidden) {
    awaited_.insert(facts.pts);
    if (awaited_.size() > kMostAwaited) awaited_.erase(awaited_.begin());
  }
  const int status = libav::send_packet(*decoder_, *packet_, num_packets_);
  if (status < 0 && status != AVERROR_EOF) note_refusal();
}

void VideoStream::note_refusal() {
  ++num_undecodable_;
  ++refusals_to_place_;
}

// A refused packet is lost at the place of its presentation time, which shows as a time that is
// passed over.
void VideoStream::account_for(const AVFrame& frame) {
  while (!not_found_before_.empty() &&
         not_found_before_.begin()->first <= libav::packet_number(frame)) {
    num_gaps_ += not_found_before_.begin()->second;
    not_found_before_.erase(not_found_before_.begin());
  }
  if (frame.pts == AV_NOPTS_VALUE) return;
  const auto here = awaited_.lower_bound(frame.pts);
  const auto passed_over = static_cast<int64_t>(std::distance(awaited_.begin(), here));
  const int64_t lost = std::min(passed_over, refusals_to_place_);
  num_gaps_ += lost;
  refusals_to_place_ -= lost;
  awaited_.erase(awaited_.begin(), here);
  if (!awaited_.empty() && *awaited_.begin() == frame.pts) awaited_.erase(awaited_.begin());
}

void VideoStream::ignore_missing_references() {
  decoder_log_.ignore_missing_references();
  std::erase_if(complaints_,
                [](const std::string& text) { return libav::is_about_references(text); });
}

void VideoStream::keep_complaints(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (complaints_.size() >= kMostComplaints) return;
    if (std::find(complaints_.begin(), complaints_.end(), text) == complaints_.end())
      complaints_.push_back(text);
  }
}

}  // namespace posse
