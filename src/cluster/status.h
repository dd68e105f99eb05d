/// Counts how far a run over many machines is, from what lies in its directory; changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace posse {

struct FailedUnit {
  std::string video_id;
  int64_t begin = 0;
  std::optional<int64_t> end;
  std::string error;
  std::string machine;
};

struct VideoStatus {
  std::string id;
  int64_t num_units = 0;
  int64_t num_done = 0;
  int64_t num_at_work = 0;
  int64_t num_failed = 0;
  bool has_results = false;
};

struct RunStatusReport {
  std::filesystem::path folder;
  std::vector<VideoStatus> videos;
  std::vector<FailedUnit> failed;
  /// Numbers of the tasks with units that are not done.
  std::vector<int64_t> tasks_to_do;
  int64_t num_tasks = 0;
  /// Units that are not of this plan: of one that was replaced.
  int64_t num_others = 0;
  /// Units a second over the last kRateSeconds; 0 without any.
  double units_per_second = 0;
  /// Seconds that are left at that rate.
  std::optional<double> seconds_left;

  int64_t num_units() const;
  int64_t num_done() const;
  int64_t num_at_work() const;
  int64_t num_results() const;
};

inline constexpr double kRateSeconds = 900;

/// Lists every video's folder once. A unit counts as done by its name and size alone; posse finish
/// looks inside. @throws Error as read_plan
RunStatusReport look_at_run(const std::filesystem::path& run_folder);

/// A table for people: at most `most_videos` videos that are not finished, then the counts.
std::string table_of(const RunStatusReport& report, size_t most_videos = 20);
Json describe(const RunStatusReport& report);

}  // namespace posse
