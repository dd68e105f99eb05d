#include "video/presentation_index.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace posse {
namespace {

// Decoders reorder at most 16 frames (H.264, HEVC); four times that is certain.
constexpr int64_t kReorderMargin = 64;

}  // namespace

std::optional<PresentationIndex> PresentationIndex::scan(VideoStream& stream, int64_t last_frame) {
  PresentationIndex index;
  while (static_cast<int64_t>(index.times_.size()) <= last_frame + kReorderMargin) {
    const auto packet = stream.next_packet_facts();
    if (!packet) break;
    const bool is_clear =
        packet->pts != AV_NOPTS_VALUE && !packet->is_damaged && !packet->is_hidden;
    if (!is_clear || (index.times_.empty() && !packet->is_key)) return std::nullopt;
    if (!index.times_.empty() && packet->pts <= index.times_.front()) return std::nullopt;
    index.times_.push_back(packet->pts);
    if (packet->is_key) index.keyframes_.push_back(packet->pts);
  }
  if (stream.num_empty() > 0 || static_cast<int64_t>(index.times_.size()) <= last_frame)
    return std::nullopt;
  std::sort(index.times_.begin(), index.times_.end());
  std::sort(index.keyframes_.begin(), index.keyframes_.end());
  if (std::adjacent_find(index.times_.begin(), index.times_.end()) != index.times_.end())
    return std::nullopt;
  return index;
}

std::optional<int64_t> PresentationIndex::frame_at(int64_t pts) const {
  const auto found = std::lower_bound(times_.begin(), times_.end(), pts);
  if (found == times_.end() || *found != pts) return std::nullopt;
  return found - times_.begin();
}

std::vector<int64_t> PresentationIndex::keyframes_before(int64_t frame) const {
  const int64_t latest = times_[static_cast<size_t>(frame)];
  std::vector<int64_t> nearest_first(
      keyframes_.begin(), std::upper_bound(keyframes_.begin(), keyframes_.end(), latest));
  std::reverse(nearest_first.begin(), nearest_first.end());
  return nearest_first;
}

bool can_be_indexed(const VideoStream& stream) {
  constexpr std::array<AVCodecID, 13> kOneFramePerPacket{
      AV_CODEC_ID_H264,   AV_CODEC_ID_HEVC,  AV_CODEC_ID_VP9,     AV_CODEC_ID_AV1,
      AV_CODEC_ID_MPEG4,  AV_CODEC_ID_MJPEG, AV_CODEC_ID_PNG,     AV_CODEC_ID_FFV1,
      AV_CODEC_ID_PRORES, AV_CODEC_ID_DNXHD, AV_CODEC_ID_HUFFYUV, AV_CODEC_ID_RAWVIDEO,
      AV_CODEC_ID_FFVHUFF};
  const std::string_view container = stream.format().iformat->name;
  const bool has_times = container.find("mp4") != std::string_view::npos ||
                         container.find("matroska") != std::string_view::npos;
  return has_times && std::find(kOneFramePerPacket.begin(), kOneFramePerPacket.end(),
                                stream.stream().codecpar->codec_id) != kOneFramePerPacket.end();
}

}  // namespace posse
