#include "table_jobs/job.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;

Job::Job(const JobHooks& hooks) : hooks_(hooks) {}

void Job::note(const std::string& text) {
  report.notes.push_back(text);
  if (hooks_.note) hooks_.note(text);
}

void Job::warn(const std::string& text) {
  report.warnings.push_back(text);
  if (hooks_.warning) hooks_.warning(text);
}

void Job::caution(const std::string& text) {
  report.cautions.push_back(text);
  if (hooks_.warning) hooks_.warning(text);
}

void Job::progress(const std::string& stage, int64_t done, std::optional<int64_t> total,
                   const std::string& unit) {
  if (hooks_.stop != nullptr && hooks_.stop->requested())
    throw Error(ErrorKind::interrupted, fmt::format("while {}", stage));
  const double now = seconds_now();
  if (stage != stage_) stage_start_ = now;
  stage_ = stage;
  if (!hooks_.progress) return;
  hooks_.progress({.stage = stage,
                   .item = "",
                   .done = done,
                   .total = total,
                   .elapsed_seconds = now - stage_start_,
                   .unit = unit});
}

std::function<void()> Job::on_evaluation() {
  return [this] { progress("tuning", evaluations_++, std::nullopt, "likelihoods"); };
}

void check_target(const fs::path& path, bool force) {
  if (path.empty()) return;
  if (is_folder(path)) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: is a folder, and a file is to be written there", printable(path.string())),
        {.hint = "give another name, or that of a file in it"});
  }
  require_writable(path);
  refuse_to_replace(path, force);
}

fs::path record_in(const fs::path& folder) { return folder / "run.json"; }

fs::path record_beside(const fs::path& table) {
  fs::path record = table;
  record += ".run.json";
  return record;
}

}  // namespace posse
