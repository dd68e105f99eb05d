#include "cluster/status.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "base/count_text.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cluster/run_directory.h"
#include "cluster/run_plan_file.h"
#include "cluster/unit_claim.h"
#include "run/result_paths.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Text = nlohmann::ordered_json;

/// Names in a folder of units, with the time of each.
std::map<std::string, double> list(const fs::path& folder) {
  std::map<std::string, double> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0 && status.st_size > 0)
      names.emplace(entry.path().filename().string(), static_cast<double>(status.st_mtime));
  }
  return names;
}

std::optional<FailedUnit> read_failure(const fs::path& file) {
  const Text json = Text::parse(read_file(file, uint64_t{1} << 20), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    FailedUnit failed{.video_id = json.at("video").get<std::string>(),
                      .begin = json.at("begin").get<int64_t>(),
                      .error = json.at("error").get<std::string>(),
                      .machine = json.value("machine", std::string())};
    if (json.contains("end") && json.at("end").is_number_integer())
      failed.end = json.at("end").get<int64_t>();
    return failed;
  } catch (const Text::exception&) {  // not ours, or half of one: as good as none
    return std::nullopt;
  }
}

class Look {
 public:
  explicit Look(const fs::path& folder) : directory_{folder}, plan_(read_plan(folder)) {}

  RunStatusReport run() {
    report_.folder = directory_.root;
    report_.num_tasks = static_cast<int64_t>(plan_.tasks.size());
    std::vector<bool> is_done(plan_.units.size());
    size_t unit = 0;
    for (size_t video = 0; video < plan_.videos.size(); ++video) {
      const size_t first = unit;
      while (unit < plan_.units.size() && plan_.units[unit].video == video) ++unit;
      look_at_video(video, first, unit, is_done);
    }
    for (size_t task = 0; task < plan_.tasks.size(); ++task) {
      const auto begin = is_done.begin() + static_cast<std::ptrdiff_t>(plan_.tasks[task].first);
      const auto end = is_done.begin() + static_cast<std::ptrdiff_t>(plan_.tasks[task].last);
      if (std::find(begin, end, false) != end)
        report_.tasks_to_do.push_back(static_cast<int64_t>(task));
    }
    report_.num_others = std::ssize(units_of_other_plans(plan_, directory_));
    estimate();
    return report_;
  }

 private:
  void look_at_video(size_t number, size_t first, size_t last, std::vector<bool>& is_done) {
    const ClusterVideo& video = plan_.videos[number];
    const fs::path folder = directory_.units(video.id);
    const std::map<std::string, double> names = list(folder);
    std::error_code missing;
    VideoStatus status{.id = video.id,
                       .num_units = static_cast<int64_t>(last - first),
                       .has_results = fs::exists(
                           plan_.out / result_stem(video.known.info.path) / "run.json", missing)};
    for (size_t i = first; i < last; ++i) {
      const UnitPlace place = place_of(plan_, directory_, plan_.units[i]);
      const std::string& name = place.name;
      if (const auto done = names.find(name + ".unit"); done != names.end()) {
        is_done[i] = true;
        ++status.num_done;
        done_times_.push_back(done->second);
        continue;
      }
      if (names.contains(name + ".claim") && is_at_work(place, unix_seconds_now()))
        ++status.num_at_work;
      const fs::path failure = directory_.failed(video.id, name);
      if (fs::exists(failure, missing)) {
        ++status.num_failed;
        if (auto failed = read_failure(failure)) report_.failed.push_back(std::move(*failed));
      }
    }
    report_.videos.push_back(std::move(status));
  }

  void estimate() {
    if (done_times_.empty()) return;
    const double newest = *std::max_element(done_times_.begin(), done_times_.end());
    const double oldest = *std::min_element(done_times_.begin(), done_times_.end());
    const double since = std::max(newest - kRateSeconds, oldest);
    const auto recent = std::count_if(done_times_.begin(), done_times_.end(),
                                      [&](double time) { return time > since; });
    if (recent == 0 || newest <= since) return;
    report_.units_per_second = static_cast<double>(recent) / (newest - since);
    const int64_t left = report_.num_units() - report_.num_done();
    if (left > 0 && report_.num_at_work() > 0)
      report_.seconds_left = static_cast<double>(left) / report_.units_per_second;
  }

  RunDirectory directory_;
  ClusterPlan plan_;
  RunStatusReport report_;
  std::vector<double> done_times_;
};

template <class Number>
int64_t sum(const std::vector<VideoStatus>& videos, Number number) {
  int64_t total = 0;
  for (const VideoStatus& video : videos) total += static_cast<int64_t>(video.*number);
  return total;
}

std::string duration(double seconds) {
  const auto minutes = static_cast<int64_t>(seconds / 60);
  if (minutes < 1) return fmt::format("{:.0f} s", seconds);
  if (minutes < 60) return fmt::format("{} min", minutes);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace

int64_t RunStatusReport::num_units() const { return sum(videos, &VideoStatus::num_units); }
int64_t RunStatusReport::num_done() const { return sum(videos, &VideoStatus::num_done); }
int64_t RunStatusReport::num_at_work() const { return sum(videos, &VideoStatus::num_at_work); }
int64_t RunStatusReport::num_results() const { return sum(videos, &VideoStatus::has_results); }

RunStatusReport look_at_run(const fs::path& run_folder) { return Look(run_folder).run(); }

std::string table_of(const RunStatusReport& report, size_t most_videos) {
  std::string text;
  size_t listed = 0, unfinished = 0;
  size_t width = 5;
  for (const VideoStatus& video : report.videos) width = std::max(width, video.id.size());
  for (const VideoStatus& video : report.videos) {
    if (video.has_results) continue;
    ++unfinished;
    if (listed == most_videos) continue;
    if (listed++ == 0)
      text += fmt::format("{:<{}}{:>8}{:>10}{:>10}{:>8}\n", "video", width + 2, "units", "done",
                          "at work", "failed");
    text += fmt::format("{:<{}}{:>8}{:>10}{:>10}{:>8}\n", printable(video.id), width + 2,
                        video.num_units, video.num_done, video.num_at_work, video.num_failed);
  }
  if (unfinished > listed) text += fmt::format("... and {} more videos\n", unfinished - listed);
  text += fmt::format("videos  {} of {} have their results\n", report.num_results(),
                      report.videos.size());
  text += fmt::format("units   {} of {} done, {} at work, {} failed\n", report.num_done(),
                      report.num_units(), report.num_at_work(), report.failed.size());
  if (report.units_per_second > 0) {
    text += fmt::format("rate    {:.1f} units a minute", 60 * report.units_per_second);
    if (report.seconds_left) text += fmt::format(", about {} left", duration(*report.seconds_left));
    text += "\n";
  }
  if (report.num_others > 0)
    text += fmt::format("others  {} of earlier plans: posse finish --remove-others\n",
                        count_text(report.num_others, "unit"));
  constexpr size_t kMostFailures = 10;
  for (size_t i = 0; i < std::min(report.failed.size(), kMostFailures); ++i) {
    const FailedUnit& failed = report.failed[i];
    text += fmt::format("failed  {} {}-{} on {}: {}\n", failed.video_id, failed.begin,
                        failed.end ? std::to_string(*failed.end) : "end", failed.machine,
                        failed.error.substr(0, failed.error.find('\n')));
  }
  if (report.failed.size() > kMostFailures)
    text += fmt::format("        ... and {} more\n", report.failed.size() - kMostFailures);
  const std::string run = printable(report.folder.string());
  if (report.num_done() < report.num_units() && report.num_at_work() == 0) {
    text += fmt::format("next    posse work {}, or posse submit {} on a cluster\n", run, run);
  } else if (report.num_done() == report.num_units() && unfinished > 0) {
    text += fmt::format("next    posse finish {}\n", run);
  }
  return text;
}

Json describe(const RunStatusReport& report) {
  Json json = Json::object({{"folder", printable(report.folder.string())},
                            {"videos", static_cast<int64_t>(report.videos.size())},
                            {"videos_with_results", report.num_results()},
                            {"units", report.num_units()},
                            {"units_done", report.num_done()},
                            {"units_at_work", report.num_at_work()},
                            {"units_failed", static_cast<int64_t>(report.failed.size())},
                            {"units_of_other_plans", report.num_others},
                            {"tasks", report.num_tasks},
                            {"tasks_to_do", report.tasks_to_do},
                            {"units_per_second", report.units_per_second},
                            {"seconds_left", report.seconds_left}});
  json["by_video"] = Json::array();
  for (const VideoStatus& video : report.videos) {
    json["by_video"].push_back(Json::object({{"id", video.id},
                                             {"units", video.num_units},
                                             {"units_done", video.num_done},
                                             {"units_at_work", video.num_at_work},
                                             {"units_failed", video.num_failed},
                                             {"results", video.has_results}}));
  }
  json["failed"] = Json::array();
  for (const FailedUnit& failed : report.failed) {
    json["failed"].push_back(Json::object({{"video", failed.video_id},
                                           {"begin", failed.begin},
                                           {"end", failed.end},
                                           {"machine", failed.machine},
                                           {"error", failed.error}}));
  }
  return json;
}

}  // namespace posse
