#include "study/suggest/suggestions_text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/csv_line.h"
#include "base/text.h"
#include "base/version.h"

namespace posse {
namespace {

constexpr int kFormat = 1;

Json json_of(const SuggestedVideo& video) {
  Json json = Json::object({{"stem", printable(video.facts.stem)},
                            {"video", printable(video.video.file.string())},
                            {"is_there", video.video.place == VideoPlace::there},
                            {"sha256", video.facts.video.sha256},
                            {"results", printable(video.facts.folder.string())},
                            {"fps", video.fps},
                            {"frames", video.num_frames},
                            {"labelled", video.num_labelled},
                            {"mean_doubt", video.doubt},
                            {"share", video.share}});
  if (!video.animal.empty()) json["animal"] = printable(video.animal);
  return json;
}

Json points_of(const std::vector<Keypoint>& points) {
  Json json = Json::array();
  for (const Keypoint& point : points)
    json.push_back(Json::array({point.x, point.y, point.likelihood}));
  return json;
}

Json json_of(const Suggestion& suggestion, const Suggestions& all) {
  Json json = Json::object({{"video", printable(all.videos[suggestion.video].facts.stem)},
                            {"frame", suggestion.frame},
                            {"seconds", suggestion.seconds},
                            {"why", name_of(suggestion.why)},
                            {"doubt", suggestion.doubt},
                            {"bodypart", suggestion.bodypart}});
  if (suggestion.why == SuggestedFor::audit)
    json["inclusion_probability"] = suggestion.inclusion_probability;
  json["points"] = points_of(suggestion.consensus);
  return json;
}

std::string number(double value) { return std::isnan(value) ? "" : fmt::format("{:.6g}", value); }

}  // namespace

Json to_json(const Suggestions& suggestions) {
  Json json = Json::object({{"format", kFormat}, {"posse", version()}, {"verb", "suggest"}});
  Json& strategy = json["strategy"];
  strategy["taken"] = name_of(suggestions.strategy);
  strategy["why"] = suggestions.strategy_why;
  const SuggestOptions& options = suggestions.options;
  json["options"] = Json::object({{"count", options.count},
                                  {"strategy", name_of(options.strategy)},
                                  {"audit", options.audit},
                                  {"apart", options.apart},
                                  {"per-animal", options.per_animal},
                                  {"seed", options.seed}});
  json["bodyparts"] = suggestions.bodyparts;
  json["members"] = Json::array();
  for (size_t m = 0; m < suggestions.members.size(); ++m) {
    json["members"].push_back(
        Json::object({{"name", printable(suggestions.members[m])},
                      {"share_of_disagreement",
                       m < suggestions.blame.size() ? Json(suggestions.blame[m]) : Json()},
                      {"left_out", suggestions.failed == m}}));
  }
  json["audit"] =
      Json::object({{"population", static_cast<int64_t>(suggestions.audit_population)}});
  int64_t num_audit = 0;
  for (const Suggestion& frame : suggestions.frames)
    num_audit += frame.why == SuggestedFor::audit ? 1 : 0;
  json["audit"]["frames"] = num_audit;
  json["labelled"] = static_cast<int64_t>(suggestions.num_labelled);
  json["candidates"] = static_cast<int64_t>(suggestions.pool_size);
  json["videos"] = Json::array();
  for (const SuggestedVideo& video : suggestions.videos) json["videos"].push_back(json_of(video));
  json["frames"] = Json::array();
  for (const Suggestion& frame : suggestions.frames)
    json["frames"].push_back(json_of(frame, suggestions));
  json["warnings"] = suggestions.warnings;
  return json;
}

std::string to_csv(const Suggestions& suggestions) {
  std::string text = "video,frame,seconds,why,doubt,bodypart,inclusion_probability,file\n";
  for (const Suggestion& frame : suggestions.frames) {
    const SuggestedVideo& video = suggestions.videos[frame.video];
    text += fmt::format("{},{},{},{},{},{},{},{}\n", csv_cell(printable(video.facts.stem)),
                        frame.frame, number(frame.seconds), name_of(frame.why), number(frame.doubt),
                        csv_cell(frame.bodypart), number(frame.inclusion_probability),
                        csv_cell(printable(video.video.file.string())));
  }
  return text;
}

std::string to_text(const Suggestions& suggestions) {
  std::string text = fmt::format("{} frames by the strategy {}: {}\n", suggestions.frames.size(),
                                 name_of(suggestions.strategy), suggestions.strategy_why);
  for (size_t v = 0; v < suggestions.videos.size(); ++v) {
    const SuggestedVideo& video = suggestions.videos[v];
    std::string chosen, audit;
    for (const Suggestion& frame : suggestions.frames) {
      if (frame.video != v) continue;
      std::string& list = frame.why == SuggestedFor::audit ? audit : chosen;
      list += fmt::format("{}{}", list.empty() ? "" : " ", frame.frame);
    }
    if (chosen.empty() && audit.empty()) continue;
    text += fmt::format("{} ({} frames, mean doubt {:.2f} px)\n", printable(video.facts.stem),
                        video.num_frames, video.doubt);
    if (!chosen.empty()) text += fmt::format("  to label      {}\n", chosen);
    if (!audit.empty()) text += fmt::format("  audit frames  {}\n", audit);
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace posse
