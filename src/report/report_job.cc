#include "report/report_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "report/page/report_page.h"
#include "report/peak_pictures.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr size_t kZoomBytes = 1'800'000;
constexpr size_t kPictureBytes = 2'000'000;

/// Detail that keeps the page small, whatever the number of videos.
ReportDetail detail_for(size_t num_videos, size_t num_members) {
  ReportDetail detail;
  if (num_videos > 4) detail.num_peaks = num_videos > 40 ? 1 : 2;
  detail.around_peak = std::clamp<size_t>(2000 / std::max<size_t>(1, num_members), 20, 60);
  // A JPEG of 640 pixels takes some 60 kB; the room is shared by the pictures.
  const double share =
      std::min(1.0, static_cast<double>(kPictureBytes) /
                        (60'000.0 * static_cast<double>(detail.num_peaks * num_videos)));
  detail.picture_width = std::max(160, static_cast<int>(640 * std::sqrt(share)));
  return detail;
}

void check_out(const fs::path& out, bool force) {
  if (out.empty()) return;
  if (is_folder(out)) {
    throw Error(ErrorKind::usage, fmt::format("--out {}: is a folder", out.string()),
                {.hint = "name a file, as report.html"});
  }
  if (!force && path_exists(out)) {
    throw Error(ErrorKind::usage, fmt::format("{}: exists already", out.string()),
                {.hint = "--force replaces it"});
  }
}

std::string title_of(const std::vector<ReportedVideo>& videos) {
  if (videos.size() == 1) return "posse: " + videos[0].facts.stem;
  return fmt::format("posse: {} videos", videos.size());
}

Json contents_of(const Report& report) {
  Json json = Json::object({{"title", report.title}});
  json["videos"] = Json::array();
  for (const ReportedVideo& video : report.videos) json["videos"].push_back(to_json(video));
  Json& parts = json["parts"];
  parts = Json::array();
  if (report.evaluation) parts.push_back("evaluation");
  for (const NamedPart& part : report.further) parts.push_back(part.id);
  json["warnings"] = Json(report.warnings);
  return json;
}

/// An evaluation of other networks than those of the results is told of, not refused.
void compare_members(const Report& report, std::vector<std::string>& warnings) {
  if (!report.evaluation || report.videos.empty()) return;
  const auto& members = report.videos.front().facts.members;
  if (report.evaluation->members.size() != members.size()) {
    warnings.push_back(fmt::format("The evaluation is of {} members, the results are of {}.",
                                   report.evaluation->members.size(), members.size()));
  }
}

}  // namespace

ReportOutcome make_report(std::span<const fs::path> results, const fs::path& out, bool force,
                          const ReportOptions& options, const JobHooks& hooks) {
  check_out(out, force);
  std::vector<FinishedResults> finished;
  for (const fs::path& folder : find_results(results)) finished.emplace_back(folder);
  if (!options.mixed) require_alike(finished);
  Report report;
  if (!options.evaluation.empty()) report.evaluation = read_evaluation(options.evaluation);
  if (!options.study.empty()) report.further.push_back(read_study(options.study));
  if (!options.suggestions.empty()) report.further.push_back(read_suggestions(options.suggestions));
  const ReportDetail detail =
      detail_for(finished.size(), finished.empty() ? 0 : finished[0].facts().members.size());
  for (const FinishedResults& one : finished) {
    report.videos.push_back(read_reported_video(one, detail, options.videos, hooks));
    if (options.pictures && !out.empty()) add_pictures(one, detail, report.videos.back());
    if (hooks.progress) {
      hooks.progress({.stage = "videos",
                      .item = one.facts().stem,
                      .done = static_cast<int64_t>(report.videos.size()),
                      .total = static_cast<int64_t>(finished.size()),
                      .unit = "videos"});
    }
  }
  compare_members(report, report.warnings);
  report.title = title_of(report.videos);
  ReportOutcome outcome{.file = out, .contents = contents_of(report), .warnings = report.warnings};
  if (!out.empty()) {
    const std::string page = html_of(report, kZoomBytes);
    write_file(out, page);
    outcome.num_bytes = page.size();
  }
  return outcome;
}

}  // namespace posse
