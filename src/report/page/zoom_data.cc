#include "report/page/zoom_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "report/charts/markup.h"
#include "report/video_figures.h"

namespace posse {
namespace {

constexpr int kLargest = 65534, kMissing = 65535;

std::string packed(const std::vector<double>& values, double low, double high) {
  std::string bytes;
  for (const double value : values) {
    const double share = high > low ? (value - low) / (high - low) : 0;
    const int number =
        std::isnan(value) ? kMissing : static_cast<int>(std::lround(share * kLargest));
    bytes += static_cast<char>(number & 255);
    bytes += static_cast<char>(number >> 8);
  }
  return base64_of(bytes);
}

void add(Json& figure, const char* role, const Envelope& all, size_t columns) {
  const Envelope envelope = coarser(all, columns);
  const double low = envelope.lowest(), high = envelope.highest();
  if (std::isnan(low)) return;
  Json& json = figure[role];
  json["low"] = low;
  json["high"] = high;
  json["least"] = packed(envelope.least(), low, high);
  if (envelope.least() != envelope.most()) json["most"] = packed(envelope.most(), low, high);
}

}  // namespace

std::string trace_id(const std::string& video_id, size_t bodypart, size_t axis) {
  return fmt::format("{}-part{}-{}", video_id, bodypart, axis == 0 ? "x" : "y");
}

std::string zoom_data(const ReportedVideo& video, const std::string& video_id, size_t most_bytes) {
  constexpr size_t kBytesPerColumn = 16, kFewColumns = 500;  // three roles, two numbers, base64
  const size_t columns =
      std::max(kFewColumns, most_bytes / kBytesPerColumn / (2 * video.bodyparts.size() + 1));
  const Envelope disagreement = coarser(video.disagreement, columns);
  Json json = Json::object({{"first", video.frame_index.empty() ? 0 : video.frame_index.front()},
                            {"last", video.frame_index.empty() ? 0 : video.frame_index.back()},
                            {"columns", disagreement.grid().num_columns}});
  json["peaks"] = Json::array();
  for (const DisagreementPeak& peak : video.peaks) json["peaks"].push_back(peak.frame_index);
  Json& figures = json["figures"];
  add(figures[video_id + "-disagreement"], "spread", video.disagreement, columns);
  for (size_t part = 0; part < video.bodyparts.size(); ++part) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const AxisTrace& trace = video.bodyparts[part].axes.at(axis);
      Json& figure = figures[trace_id(video_id, part, axis)];
      add(figure, "members", trace.members, columns);
      add(figure, "band", trace.band, columns);
      add(figure, "consensus", trace.consensus, columns);
    }
  }
  return json.dump();
}

}  // namespace posse
