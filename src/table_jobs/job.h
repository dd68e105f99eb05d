/// The inputs, messages and reports that all jobs over tables share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/job_hooks.h"
#include "base/poses.h"

namespace posse {

/// A member's poses that lie in memory.
struct NamedPoses {
  std::string name;    ///< in messages and the record
  std::string camera;  ///< that saw them; empty where there is one
  Poses poses;
};

/// The members' tables: files and folders that hold them, or poses in memory; one of the two.
struct JobInputs {
  std::vector<std::filesystem::path> paths;
  std::vector<NamedPoses> poses;
  /// Of each of `paths` whose camera was given as CAMERA=PATH, file or folder: path and camera.
  std::vector<std::pair<std::filesystem::path, std::string>> cameras;
};

/// What a job has written and said.
struct JobReport {
  std::vector<std::filesystem::path> files;  ///< in order; empty if nothing was to be written
  std::filesystem::path record;              ///< the run.json; empty likewise
  std::vector<std::string> notes;
  std::vector<std::string> warnings;  ///< about the data
  std::vector<std::string> cautions;  ///< warnings that follow from an option
};

template <class Result>
struct JobOutcome {
  Result result;
  JobReport report;
};

/// A job at work: passes on what is told and keeps it for the report.
class Job {
 public:
  explicit Job(const JobHooks& hooks);

  void note(const std::string& text);
  void warn(const std::string& text);
  void caution(const std::string& text);
  /// @throws Error(interrupted) if a stop was asked for
  void progress(const std::string& stage, int64_t done, std::optional<int64_t> total,
                const std::string& unit);
  /// Called before each evaluation of a likelihood, for TuningOptions. The job must outlive it.
  std::function<void()> on_evaluation();

  JobReport report;

 private:
  const JobHooks& hooks_;
  std::string stage_;
  double stage_start_ = 0;
  int64_t evaluations_ = 0;
};

/// @throws Error(usage) where `path` is a folder, or exists already and `force` is not set;
/// Error(io) where it cannot be written; an empty path is fine
void check_target(const std::filesystem::path& path, bool force);

/// Where the record of results lies: run.json in a folder of results, "<table>.run.json" beside a
/// table.
std::filesystem::path record_in(const std::filesystem::path& folder);
std::filesystem::path record_beside(const std::filesystem::path& table);

}  // namespace posse
