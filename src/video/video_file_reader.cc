#include "video/video_file_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/count_text.h"
#include "base/error.h"
#include "video/frame_list_text.h"

extern "C" {
#include <libavutil/display.h>
}

namespace posse {
namespace fs = std::filesystem;
namespace {

// Decoding so few frames costs less than opening the file a second time to look for a keyframe.
constexpr int64_t kFramesWorthASeek = 48;

// Where only a duration is known, an end this much earlier (seconds) is called an early end.
constexpr double kDurationSlack = 0.1;

double as_double(AVRational rate) {
  return rate.num > 0 && rate.den > 0 ? static_cast<double>(rate.num) / rate.den : 0;
}

// Matroska writes a stream's duration as text, "00:00:10.033000000".
double duration_from_tag(const AVStream& stream) {
  const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
  int hours = 0;
  int minutes = 0;
  double seconds = 0;
  if (tag == nullptr || std::sscanf(tag->value, "%d:%d:%lf", &hours, &minutes, &seconds) != 3)
    return 0;
  return hours * 3600.0 + minutes * 60.0 + seconds;
}

double duration_of(const VideoStream& stream) {
  if (stream.stream().duration > 0) return stream.seconds(stream.stream().duration);
  const double tagged = duration_from_tag(stream.stream());
  if (tagged > 0) return tagged;
  const int64_t whole = stream.format().duration;
  return whole > 0 ? static_cast<double>(whole) / AV_TIME_BASE : 0;
}

bool is_flagged(const AVFrame& frame) {
  return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
}

std::string quoted(const std::vector<std::string>& texts, size_t most) {
  std::string all;
  for (size_t i = 0; i < std::min(texts.size(), most); ++i) {
    all += fmt::format("{}'{}'", i == 0 ? "" : ", ", texts[i]);
  }
  if (texts.size() > most) all += fmt::format(" and {} more", texts.size() - most);
  return all;
}

}  // namespace

VideoFileReader::VideoFileReader(const fs::path& path, const VideoReaderOptions& options)
    : options_(options), stream_(std::make_unique<VideoStream>(path, options.num_threads)) {
  if (!advance()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("no frame of video '{}' ({}) can be decoded", path.string(),
                            avcodec_get_name(stream_->stream().codecpar->codec_id)),
                {.have = fmt::format("{}{}", count_text(stream_->num_packets(), "packet"),
                                     stream_->complaints().empty()
                                         ? std::string()
                                         : "; libav says " + quoted(stream_->complaints(), 3))});
  }
  is_waiting_ = true;
  describe(path);
  jump_to_range();
}

void VideoFileReader::describe(const fs::path& path) {
  stored_width_ = decoded_->width;
  stored_height_ = decoded_->height;
  read_orientation();
  info_.path = path;
  info_.width = orientation_.transpose ? stored_height_ : stored_width_;
  info_.height = orientation_.transpose ? stored_width_ : stored_height_;
  const AVStream& stream = stream_->stream();
  info_.fps = as_double(stream.avg_frame_rate);
  if (info_.fps == 0) info_.fps = as_double(stream.r_frame_rate);
  info_.duration_seconds = duration_of(*stream_);
  if (stream.nb_frames > 0) info_.container_num_frames = stream.nb_frames;
  info_.codec = avcodec_get_name(stream.codecpar->codec_id);
  info_.pixel_format = libav::pixel_format_name(decoded_->format);
  info_.rotation_degrees = orientation_.rotation_degrees();
  info_.stream = stream.index;
  info_.other_streams = stream_->other_streams();
  if (info_.other_streams.empty()) return;
  report_.warnings.push_back(
      fmt::format("The file has several video streams: stream {} ({}, {}x{}) is read, not {}.",
                  stream.index, info_.codec, stored_width_, stored_height_, info_.other_streams));
}

void VideoFileReader::read_orientation() {
  std::span<const uint8_t> data = libav::side_data(stream_->stream(), AV_PKT_DATA_DISPLAYMATRIX);
  if (data.empty()) {  // some codecs keep it in the pictures
    const AVFrameSideData* own =
        av_frame_get_side_data(decoded_.get(), AV_FRAME_DATA_DISPLAYMATRIX);
    if (own != nullptr) data = {own->data, own->size};
  }
  if (data.size() < 9 * sizeof(int32_t)) return;
  const auto* matrix = reinterpret_cast<const int32_t*>(data.data());
  bool is_exact = true;
  orientation_ = orientation_of_display_matrix(matrix, &is_exact);
  if (!is_exact) {
    report_.warnings.push_back(fmt::format(
        "The file asks to be shown turned by {:.1f} degrees; only multiples of 90 are applied.",
        -av_display_rotation_get(matrix)));
  }
}

bool VideoFileReader::advance() {
  av_frame_unref(decoded_.get());
  if (!stream_->next(*decoded_)) return false;
  if (stored_width_ > 0 &&
      (decoded_->width != stored_width_ || decoded_->height != stored_height_)) {
    report_.broke_off = fmt::format("the picture changes from {}x{} to {}x{} after {}",
                                    stored_width_, stored_height_, decoded_->width,
                                    decoded_->height, count_text(report_.num_decoded, "frame"));
    return false;
  }
  if (is_left_over()) return false;
  const int64_t num_lost = stream_->num_gaps() - std::exchange(num_gaps_, stream_->num_gaps());
  if (num_lost > 0) rate_.restart();
  current_index_ = first_index_ + num_from_stream_++ + num_gaps_;
  for (int64_t frame = current_index_ - num_lost; frame < current_index_; ++frame) {
    if (lost_frames_.size() < kMostFramesNamed) lost_frames_.push_back(frame);
  }
  ++report_.num_decoded;
  if (is_flagged(*decoded_) || stream_->has_complaint()) {
    ++report_.num_corrupt;
    if (corrupt_frames_.size() < kMostFramesNamed) corrupt_frames_.push_back(current_index_);
  }
  last_time_ = decoded_->best_effort_timestamp;
  rate_.add(last_time_, current_index_);
  report_.variable_frame_rate = rate_.is_variable();
  return true;
}

bool VideoFileReader::is_left_over() const {
  return stream_->at_end_of_file() && rate_.would_jump(decoded_->best_effort_timestamp) &&
         (!stream_->broke_off().empty() || !early_end().empty());
}

void VideoFileReader::jump_to_range() {
  const int64_t start = options_.range.start;
  if (!options_.allow_seek || start < kFramesWorthASeek || !can_be_indexed(*stream_)) return;
  auto stream = std::make_unique<VideoStream>(info_.path, options_.num_threads);
  const auto index = PresentationIndex::scan(*stream, start);
  if (!index) return;
  const std::vector<int64_t> keyframes = index->keyframes_before(start);
  for (size_t i = 0; i < std::min<size_t>(keyframes.size(), 2); ++i) {
    if (*index->frame_at(keyframes[i]) < kFramesWorthASeek) return;
    if (!jump_to(*index, keyframes[i], *stream)) continue;
    stream_ = std::move(stream);
    stream_->ignore_missing_references();
    is_waiting_ = true;
    return;
  }
}

// Goes to the keyframe and decodes up to the range's first frame into decoded_. Every frame on the
// way must be the one the index expects, without a complaint of the decoder; else nothing of this
// reader has changed and it goes on sequentially.
bool VideoFileReader::jump_to(const PresentationIndex& index, int64_t keyframe,
                              VideoStream& stream) {
  if (!stream.seek(keyframe)) return false;
  size_t num_complaints = 0;
  int64_t num_leading = 0;
  const int64_t first = *index.frame_at(keyframe);
  auto frame = libav::make_frame();
  RateWatch rate;
  int64_t expected = first;
  while (expected <= options_.range.start) {
    av_frame_unref(frame.get());
    if (!stream.next(*frame)) return false;
    const auto& landed = stream.first_packet();
    if (!landed || !landed->is_key || landed->pts > keyframe) return false;
    if (frame->pts == AV_NOPTS_VALUE) return false;
    if (frame->pts < keyframe) {  // leading pictures of an open group, or of an earlier one
      ++num_leading;
      continue;
    }
    if (expected == first)
      num_complaints = stream.complaints().size();  // earlier ones are about leading pictures
    const bool is_clean = !is_flagged(*frame) && stream.num_undecodable() == 0 &&
                          stream.complaints().size() == num_complaints &&
                          frame->width == stored_width_ && frame->height == stored_height_;
    if (!is_clean || index.frame_at(frame->pts) != expected) return false;
    rate.add(frame->best_effort_timestamp, expected);
    ++expected;
  }
  first_index_ = first;
  num_leading_ = num_leading;
  num_from_stream_ = expected - first;
  current_index_ = expected - 1;
  report_.num_jumped = first;
  report_.num_decoded = num_from_stream_;
  report_.num_corrupt = 0;
  corrupt_frames_.clear();
  lost_frames_.clear();
  rate_ = rate;
  last_time_ = frame->best_effort_timestamp;
  decoded_ = std::move(frame);
  return true;
}

bool VideoFileReader::read(VideoFrame& frame) {
  if (is_finished_) return false;
  const FrameRange& range = options_.range;
  for (;;) {
    // The last frame of the range is known without looking at the frame behind it.
    const int64_t next_index = is_waiting_ ? current_index_ : current_index_ + 1;
    if (range.stop && next_index >= *range.stop) {
      finish(false);
      return false;
    }
    if (!std::exchange(is_waiting_, false) && !advance()) {
      finish(report_.broke_off.empty());
      return false;
    }
    if (range.contains(current_index_)) break;
  }
  deliver(frame);
  return true;
}

void VideoFileReader::deliver(VideoFrame& frame) {
  const libav::LogCapture silent;
  converter_.convert(*decoded_, orientation_, frame.image);
  frame.frame_index = current_index_;
  frame.time_seconds = stream_->seconds(last_time_);
}

void VideoFileReader::finish(bool is_end_of_stream) {
  is_finished_ = true;
  av_frame_unref(decoded_.get());
  if (is_end_of_stream) {
    report_.broke_off = stream_->broke_off().empty() ? early_end() : stream_->broke_off();
    report_.reached_end = report_.broke_off.empty();
  }
  report_.num_undecodable = stream_->num_undecodable();
  report_.variable_frame_rate = rate_.is_variable();
  if (!report_.broke_off.empty()) {
    report_.warnings.push_back(fmt::format(
        "The video breaks off after {}: {}.",
        count_text(report_.num_jumped + report_.num_decoded, "frame"), report_.broke_off));
  } else if (is_end_of_stream) {
    warn_about_counts();
  }
  warn_about_quality();
}

// Files that were cut short without the demuxer noticing; empty if the end is where the header
// says.
std::string VideoFileReader::early_end() const {
  if (info_.container_num_frames) {
    const int64_t found = first_index_ - num_leading_ + stream_->num_packets() +
                          stream_->num_empty() + stream_->num_not_found();
    if (found >= *info_.container_num_frames) return {};
    return fmt::format("its header announces {}, the file holds {}",
                       count_text(*info_.container_num_frames, "frame"), found);
  }
  if (last_time_ == AV_NOPTS_VALUE || info_.fps <= 0) return {};
  const AVStream& stream = stream_->stream();
  const double start =
      stream.start_time != AV_NOPTS_VALUE ? stream_->seconds(stream.start_time) : 0;
  const double end = stream_->seconds(last_time_) - start + 1 / info_.fps;
  if (end + std::max(kDurationSlack, 2 / info_.fps) >= info_.duration_seconds) return {};
  return fmt::format("its header announces {:.2f} s, the last frame ends at {:.2f} s",
                     info_.duration_seconds, end);
}

void VideoFileReader::warn_about_counts() {
  if (!info_.container_num_frames || report_.num_jumped > 0) return;
  if (*info_.container_num_frames == report_.num_decoded) return;
  std::string why;
  if (stream_->num_hidden() > 0)
    why += fmt::format("; {} hidden by the file's edit list", stream_->num_hidden());
  if (stream_->num_empty() > 0)
    why += fmt::format("; {} left empty while recording", stream_->num_empty());
  if (report_.num_undecodable > 0)
    why += fmt::format("; {} cannot be decoded", report_.num_undecodable);
  report_.warnings.push_back(fmt::format("The container announces {}, decoding gave {}{}.",
                                         count_text(*info_.container_num_frames, "frame"),
                                         report_.num_decoded, why));
}

std::string VideoFileReader::words_of_libav() {
  if (stream_->complaints().empty() || std::exchange(words_are_told_, true)) return {};
  return fmt::format(" (libav says {})", quoted(stream_->complaints(), 3));
}

void VideoFileReader::warn_about_quality() {
  warn_about_errors();
  warn_about_times();
  if (info_.rotation_degrees != 0) {
    report_.warnings.push_back(
        fmt::format("The file asks to be shown turned by {} degrees clockwise, which was done; "
                    "programs that ignore this "
                    "give coordinates in the unturned picture.",
                    info_.rotation_degrees));
  }
}

void VideoFileReader::warn_about_errors() {
  if (report_.num_undecodable > 0) {
    report_.warnings.push_back(fmt::format(
        "{}{}.", lost_frames_text(lost_frames_, report_.num_undecodable), words_of_libav()));
  }
  if (report_.num_corrupt > 0) {
    report_.warnings.push_back(fmt::format(
        "{}{}.", corrupt_frames_text(corrupt_frames_, report_.num_corrupt), words_of_libav()));
  }
  if (const std::string words = words_of_libav(); !words.empty()) {
    report_.warnings.push_back(
        fmt::format("There are errors in the file that show in no single frame{}.", words));
  }
}

void VideoFileReader::warn_about_times() {
  const RateWatch::Gaps gaps = rate_.gaps();
  if (gaps.num_places > 0) {
    std::string places;
    for (const RateWatch::Gap& gap : gaps.first) {
      const char* before = places.empty() ? gaps.num_places == 1 ? "" : ":" : ",";
      const std::string number = gaps.num_places == 1 ? "" : fmt::format(" {}", gap.num_missing);
      places += fmt::format("{}{} after frame {}", before, number, gap.after_frame);
    }
    const int64_t rest = gaps.num_places - static_cast<int64_t>(gaps.first.size());
    if (rest > 0) places += fmt::format(" and {} more", count_text(rest, "place"));
    report_.warnings.push_back(fmt::format(
        "{} to be missing{}. Their time is there, their pictures are not; frames are counted as "
        "decoded, so that frames behind have lower numbers than in the recording.",
        count_text(gaps.num_missing, "frame") + (gaps.num_missing == 1 ? " seems" : " seem"),
        places));
  }
  if (rate_.num_not_increasing() > 0 && rate_.is_variable()) {
    report_.warnings.push_back(
        fmt::format("{} a time that is not after the time of the frame before (first: frame {}). "
                    "Frames are counted as decoded.",
                    count_text(rate_.num_not_increasing(), "frame") +
                        (rate_.num_not_increasing() == 1 ? " has" : " have"),
                    rate_.first_not_increasing()));
    return;
  }
  if (!rate_.is_variable_between_gaps()) return;
  report_.warnings.push_back(
      fmt::format("The frame rate varies: intervals between frames go from {:.4f} to {:.4f} s. "
                  "Frames are counted as "
                  "decoded; programs that resample to a constant rate number them differently.",
                  stream_->seconds(rate_.shortest()), stream_->seconds(rate_.longest())));
}

}  // namespace posse
