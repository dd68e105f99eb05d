#include "run/track_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "consensus/track/group_frame.h"
#include "run/track_views.h"

namespace posse {
namespace {
using Json = nlohmann::ordered_json;

std::string names_of(const std::vector<int>& group, const std::vector<std::string>& bodyparts) {
  std::string names;
  for (const int part : group)
    names += (names.empty() ? "" : ",") + bodyparts[static_cast<size_t>(part)];
  return names;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == at) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

int bodypart_named(const char* option, const std::string& name,
                   const std::vector<std::string>& bodyparts) {
  const auto found = std::find(bodyparts.begin(), bodyparts.end(), name);
  if (found != bodyparts.end()) return static_cast<int>(found - bodyparts.begin());
  throw Error(ErrorKind::usage, fmt::format("{}: there is no bodypart '{}'", option, name),
              {.have = list_names(bodyparts, 20)});
}

}  // namespace

std::vector<std::vector<int>> parse_groups(const char* option, const std::string& text,
                                           const std::vector<std::string>& bodyparts,
                                           bool may_be_empty) {
  std::vector<std::vector<int>> groups;
  if (text.empty()) return groups;
  std::vector<std::string> named;
  for (const std::string& words : split(text, ';')) {
    std::vector<int> group;
    size_t count = 0;
    for (const std::string& name : split(words, ',')) {
      if (may_be_empty && name.empty()) {
        group.push_back(kNoBodypart);
        continue;
      }
      group.push_back(bodypart_named(option, name, bodyparts));
      ++count;
      if (std::find(named.begin(), named.end(), name) != named.end()) {
        throw Error(ErrorKind::usage, fmt::format("{}: '{}' is named twice", option, name));
      }
      named.push_back(name);
    }
    if (count < 2 || group.size() > kMostGroupParts) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: a group of {} bodypart{}, 2 to {} are possible", option, count,
                              count == 1 ? "" : "s", kMostGroupParts),
                  {.hint = "groups as 'paw1,paw2;ear1,ear2'"});
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::vector<int>> parse_look_alikes(const std::string& text,
                                                const std::vector<std::string>& bodyparts) {
  if (text == "auto" || text == "none") return {};
  return parse_groups("--look-alike", text, bodyparts);
}

void refuse_track_options(const TrackChoices& choices, const std::string& consensus,
                          const std::string& hint) {
  const std::vector<std::string> names = choices.changed();
  if (names.empty()) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} {} nothing without a track, and none is made ({})",
                  list_names(names, names.size()), names.size() == 1 ? "says" : "say", consensus),
      {.hint = hint});
}

std::string note_of_groups(const std::vector<std::vector<int>>& groups,
                           const std::vector<std::string>& bodyparts) {
  std::string text;
  for (const std::vector<int>& group : groups)
    text += (text.empty() ? "" : ";") + names_of(group, bodyparts);
  return text.empty() ? "no bodyparts look alike to the members: each is tracked alone"
                      : "bodyparts that look alike to the members are tracked together: " + text;
}

std::string track_report_json(const TrackReport& report,
                              const std::vector<std::vector<int>>& groups,
                              const std::vector<std::string>& bodyparts,
                              const std::vector<EpipolarLine>& lines) {
  Json json;
  json["groups"] = Json::array();
  for (const std::vector<int>& group : groups)
    json["groups"].push_back(printable(names_of(group, bodyparts)));
  json["swaps"] = report.swaps;
  json["bodyparts"] = Json::array();
  for (size_t p = 0; p < report.jumps.size(); ++p) {
    json["bodyparts"].push_back({{"name", printable(bodyparts[p])},
                                 {"frames_not_seen", report.hidden[p]},
                                 {"jumps", report.jumps[p]},
                                 {"frames_against_most_members", report.against_most[p]},
                                 {"steps_in_agreement", report.agreed_steps[p]},
                                 {"steps_faster_than_expected", report.fast[p]}});
  }
  if (!lines.empty()) json["epipolar_lines"] = Json::parse(lines_json(lines, bodyparts));
  return json.dump();
}

}  // namespace posse
