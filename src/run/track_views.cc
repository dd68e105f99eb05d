#include "run/track_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/count_text.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "run/track_report.h"

namespace posse {
namespace {
using Json = nlohmann::ordered_json;
using Groups = std::vector<std::vector<int>>;

/// Pairs of bodyparts that were named, with the option that did.
class NamedPairs {
 public:
  explicit NamedPairs(const std::vector<std::string>& bodyparts) : bodyparts_(bodyparts) {}
  void add(const Groups& groups) {
    std::set<std::pair<int, int>> added;
    for (const std::vector<int>& group : groups) {
      for (const int a : group) {
        for (const int b : group) {
          if (a < b && a != kNoBodypart) added.insert({a, b});
        }
      }
    }
    for (const auto& pair : added) {
      if (pairs_.insert(pair).second) continue;
      throw Error(
          ErrorKind::usage,
          fmt::format("'{}' and '{}' are named by two of --same-x, --same-y and --same-line",
                      bodyparts_[static_cast<size_t>(pair.first)],
                      bodyparts_[static_cast<size_t>(pair.second)]),
          {.hint = "two views share an axis or an epipolar line, not both"});
    }
  }

 private:
  const std::vector<std::string>& bodyparts_;
  std::set<std::pair<int, int>> pairs_;
};

void add_pairs(const Groups& groups, const EpipolarGeometry& geometry,
               std::vector<ViewPair>& views) {
  for (const std::vector<int>& group : groups) {
    for (size_t i = 0; i < group.size(); ++i) {
      for (size_t j = i + 1; j < group.size(); ++j) {
        views.push_back({.a = static_cast<size_t>(group[i]),
                         .b = static_cast<size_t>(group[j]),
                         .geometry = geometry});
      }
    }
  }
}

std::vector<TwoViews> lines_of(const Groups& groups, const ViewCalibration* calibration) {
  size_t num_views = 0;
  for (const std::vector<int>& group : groups) num_views = std::max(num_views, group.size());
  std::vector<TwoViews> lines;
  for (size_t first = 0; first < num_views; ++first) {
    for (size_t second = first + 1; second < num_views; ++second) {
      TwoViews views{.first = first, .second = second, .bodyparts = {}, .given = {}};
      for (const std::vector<int>& group : groups) {
        if (group.size() <= second) continue;
        if (group[first] == kNoBodypart || group[second] == kNoBodypart) continue;
        views.bodyparts.emplace_back(group[first], group[second]);
      }
      if (calibration != nullptr) {
        views.given = calibration->between(first, second);
        if (!calibration->names.empty())
          views.cameras = calibration->names[first] + " and " + calibration->names[second];
      }
      if (!views.bodyparts.empty()) lines.push_back(std::move(views));
    }
  }
  return lines;
}

/// Whether the name is a word of the text, whatever its case: "Side" of "paw_side".
bool has_word(const std::string& text, const std::string& name) {
  const std::string whole = ascii_lower(text), word = ascii_lower(name);
  const auto is_letter = [&](size_t at) {
    return at < whole.size() && std::isalnum(static_cast<unsigned char>(whole[at])) != 0;
  };
  for (size_t at = whole.find(word); at != std::string::npos; at = whole.find(word, at + 1)) {
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + word.size())) return true;
  }
  return false;
}

/// Refuses bodyparts that name another camera than that of their view.
void check_names(const ViewCalibration& calibration, const std::string& path, const Groups& groups,
                 const std::vector<std::string>& bodyparts) {
  const std::vector<std::string>& names = calibration.names;
  for (const std::vector<int>& group : groups) {
    for (size_t view = 0; view < std::min(group.size(), names.size()); ++view) {
      if (group[view] == kNoBodypart) continue;
      const std::string& bodypart = bodyparts[static_cast<size_t>(group[view])];
      if (has_word(bodypart, names[view])) continue;
      for (size_t other = 0; other < names.size(); ++other) {
        if (!has_word(bodypart, names[other])) continue;
        throw Error(
            ErrorKind::usage,
            fmt::format("--same-line: '{}' is named as view {}, which in {} is camera '{}'; "
                        "'{}' is its view {}",
                        bodypart, view + 1, path, names[view], names[other], other + 1),
            {.hint = "name the bodyparts of a group in the calibration's order of views: " +
                     list_names(names)});
      }
    }
  }
}

ViewCalibration read_calibration(const std::filesystem::path& path, const Groups& groups,
                                 const std::vector<std::string>& bodyparts) {
  ViewCalibration calibration = parse_view_calibration(read_file(path), path.string());
  for (const std::vector<int>& group : groups) {
    if (group.size() <= calibration.num_views) continue;
    throw Error(ErrorKind::usage, fmt::format("--same-line: a group of {} views, {} has {}",
                                              group.size(), path.string(), calibration.num_views));
  }
  check_names(calibration, path.string(), groups, bodyparts);
  return calibration;
}

/// "paw_bottom,paw_side;nose_bottom,nose_side"
std::string names_of(const TwoViews& views, const std::vector<std::string>& bodyparts) {
  std::string names;
  for (const auto& [a, b] : views.bodyparts) {
    names += (names.empty() ? "" : ";") + bodyparts[static_cast<size_t>(a)] + "," +
             bodyparts[static_cast<size_t>(b)];
  }
  return names;
}

/// What is wrong with a line that was given; empty if nothing is.
std::string misfit_of(const EpipolarLine& line, double cell) {
  constexpr double kMostCells = 1.5;  // as far as views of one place may differ (AgreementOptions)
  constexpr size_t kLeastPoints = 20;
  if (!line.views.given) return "";
  if (line.num_points < kLeastPoints || !std::isfinite(line.spread)) {
    return fmt::format(
        "the calibration is used and could not be checked: both views are sure in {}{}",
        count_text(static_cast<int64_t>(line.num_points), "place"),
        line.num_points < kLeastPoints ? fmt::format(", {} are needed", kLeastPoints)
                                       : ", and its lines are not finite there");
  }
  if (line.spread <= kMostCells * cell) return "";
  return fmt::format(
      "the calibration is used and does not fit{}: over {} in which both views are sure they are "
      "off its lines by {:.1f} px (standard deviation), where {:.1f} px are a cell of the maps; "
      "are "
      "the views in its order, its pixels those of the video?",
      line.views.cameras.empty() ? "" : " (cameras " + line.views.cameras + ")",
      count_text(static_cast<int64_t>(line.num_points), "place"), line.spread, cell);
}

std::string text_of(const std::array<double, 5>& e) {
  return fmt::format("{:.3f} x {:+.3f} y {:+.3f} x' {:+.3f} y' {:+.1f} = 0", e[0], e[1], e[2], e[3],
                     e[4]);
}

}  // namespace

AgreeingViews parse_views(const TrackChoices& choices, const std::vector<std::string>& bodyparts) {
  choices.validate();
  const Groups same_x = parse_groups("--same-x", choices.same_x, bodyparts);
  const Groups same_y = parse_groups("--same-y", choices.same_y, bodyparts);
  const Groups same_line = parse_groups("--same-line", choices.same_line, bodyparts, true);
  NamedPairs named(bodyparts);
  for (const Groups* groups : {&same_x, &same_y, &same_line}) named.add(*groups);
  AgreeingViews views;
  add_pairs(same_x, same_x_geometry(), views.pairs);
  add_pairs(same_y, same_y_geometry(), views.pairs);
  if (choices.view_calibration.empty()) {
    views.lines = lines_of(same_line, nullptr);
  } else {
    const ViewCalibration calibration =
        read_calibration(choices.view_calibration, same_line, bodyparts);
    views.lines = lines_of(same_line, &calibration);
  }
  return views;
}

std::vector<std::string> notes_of_lines(const std::vector<EpipolarLine>& lines,
                                        const std::vector<std::string>& bodyparts, double cell) {
  std::vector<std::string> notes;
  for (const EpipolarLine& line : lines) {
    if (!line.why_not.empty() || !misfit_of(line, cell).empty()) continue;
    const std::string where =
        line.equation
            ? text_of(*line.equation)
            : "as calibrated" +
                  (line.views.cameras.empty() ? "" : " for cameras " + line.views.cameras);
    const std::string spread =
        line.num_points == 0
            ? "no frame in which both are sure"
            : fmt::format("off it by {:.1f} px (standard deviation over {} points)", line.spread,
                          line.num_points);
    notes.push_back(fmt::format("views {} and {} ({}) are held to the epipolar line {}; {}",
                                line.views.first + 1, line.views.second + 1,
                                names_of(line.views, bodyparts), where, spread));
  }
  return notes;
}

std::vector<std::string> warnings_of_lines(const std::vector<EpipolarLine>& lines,
                                           const std::vector<std::string>& bodyparts, double cell) {
  std::vector<std::string> warnings;
  for (const EpipolarLine& line : lines) {
    const std::string names = names_of(line.views, bodyparts);
    if (!line.why_not.empty()) {
      warnings.push_back(fmt::format("--same-line {}: no line was found, and none is used: {}",
                                     names, line.why_not));
    } else if (const std::string misfit = misfit_of(line, cell); !misfit.empty()) {
      warnings.push_back(fmt::format("--same-line {}: {}", names, misfit));
    }
  }
  return warnings;
}

std::vector<std::string> warnings_of_track(const TrackFindings& findings,
                                           const TrackedSetting& setting) {
  std::vector<std::string> warnings =
      warnings_of(findings.report, setting.bodyparts, setting.option);
  for (std::string& warning : warnings_of_setting(setting.lag, setting.num_members,
                                                  findings.close_pairs, setting.bodyparts)) {
    warnings.push_back(std::move(warning));
  }
  for (std::string& warning : warnings_of_lines(findings.lines, setting.bodyparts, setting.cell))
    warnings.push_back(std::move(warning));
  return warnings;
}

std::string lines_json(const std::vector<EpipolarLine>& lines,
                       const std::vector<std::string>& bodyparts) {
  Json json = Json::array();
  for (const EpipolarLine& line : lines) {
    Json one = {{"views", {line.views.first + 1, line.views.second + 1}},
                {"bodyparts", printable(names_of(line.views, bodyparts))},
                {"calibrated", line.views.given.has_value()},
                {"used", line.why_not.empty()},
                {"points", line.num_points}};
    if (line.equation) one["equation"] = *line.equation;
    if (line.views.given) one["fundamental"] = line.geometry.fundamental;
    if (std::isfinite(line.spread)) one["spread_px"] = line.spread;
    if (!line.why_not.empty()) one["why_not"] = line.why_not;
    json.push_back(std::move(one));
  }
  return json.dump();
}

}  // namespace posse
