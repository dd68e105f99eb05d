#include "report/video_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/count_text.h"
#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;

VideoSummary summarize_video(const fs::path& path, bool decode, const StopFlag& stop) {
  const auto reader = open_video(path, {.num_threads = 0});
  VideoSummary summary{.info = reader->info(), .decoded = {}};
  if (!decode) return summary;
  for (VideoFrame frame; reader->read(frame);) {
    if (stop.requested()) throw Error(ErrorKind::interrupted, "info was stopped");
  }
  summary.decoded = reader->report();
  return summary;
}

std::string to_text(const VideoSummary& summary) {
  const VideoInfo& info = summary.info;
  Sheet sheet(printable(info.path.string()));
  std::string picture =
      fmt::format("{}x{}, {} ({})", info.width, info.height, info.codec, info.pixel_format);
  if (info.rotation_degrees != 0)
    picture += fmt::format(", turned by {} degrees", info.rotation_degrees);
  sheet.add(info.is_image_folder ? "pictures" : "video", picture);
  std::string frames = "the container does not say how many";
  if (info.container_num_frames) {
    frames = fmt::format("{}{}", *info.container_num_frames,
                         info.is_image_folder ? "" : " by the container's count");
  }
  if (info.fps > 0) frames += fmt::format(", {:.6g} frames/s", info.fps);
  if (info.duration_seconds > 0) frames += fmt::format(", {:.3f} s", info.duration_seconds);
  sheet.add("frames", frames);
  if (!info.other_streams.empty())
    sheet.add("streams", fmt::format("{} is read, not {}", info.stream, info.other_streams));
  if (!summary.decoded) return sheet.take();
  const VideoReport& decoded = *summary.decoded;
  sheet.add("decoded",
            fmt::format("{}, {} with errors, {} lost{}", count_text(decoded.num_decoded, "frame"),
                        decoded.num_corrupt, decoded.num_undecodable,
                        decoded.variable_frame_rate ? ", at a varying rate" : ""));
  for (const std::string& warning : decoded.warnings) sheet.add("warning", warning);
  return sheet.take();
}

Json to_json(const VideoSummary& summary) {
  const VideoInfo& info = summary.info;
  Json json = Json::object({{"path", printable(info.path.string())},
                            {"width", info.width},
                            {"height", info.height},
                            {"fps", info.fps},
                            {"duration_seconds", info.duration_seconds},
                            {"container_frames", nullptr},
                            {"codec", info.codec},
                            {"pixel_format", info.pixel_format},
                            {"rotation_degrees", info.rotation_degrees},
                            {"decoded", nullptr}});
  if (info.container_num_frames) json["container_frames"] = *info.container_num_frames;
  if (!summary.decoded) return json;
  const VideoReport& decoded = *summary.decoded;
  json["decoded"] = Json::object({{"frames", decoded.num_decoded},
                                  {"corrupt", decoded.num_corrupt},
                                  {"undecodable", decoded.num_undecodable},
                                  {"variable_frame_rate", decoded.variable_frame_rate},
                                  {"warnings", decoded.warnings}});
  return json;
}

}  // namespace posse
