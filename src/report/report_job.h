/// Makes one HTML file of finished results: `posse report` as a function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "base/json.h"
#include "report/report_options.h"

namespace posse {

struct ReportOutcome {
  std::filesystem::path file;  ///< empty if none was to be written
  uint64_t num_bytes = 0;
  Json contents;  ///< what the report holds, as `posse report --json` prints it
  std::vector<std::string> warnings;
};

/// @param results  as find_results(). @param out  empty: nothing is written
/// @throws Error(usage) for an `out` that exists without `force`, and for results of different
/// members, consensus or bodyparts without options.mixed; Error as FinishedResults and
/// read_evaluation; Error(interrupted)
ReportOutcome make_report(std::span<const std::filesystem::path> results,
                          const std::filesystem::path& out, bool force,
                          const ReportOptions& options, const JobHooks& hooks);

}  // namespace posse
