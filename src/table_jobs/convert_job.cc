#include "table_jobs/convert_job.h"

#include "results/table/convert_table.h"
#include "table_jobs/job_records.h"

namespace posse {

JobReport run_convert(const std::filesystem::path& source, const std::filesystem::path& target,
                      const ConvertOptions& options, const JobHooks& hooks) {
  Job job(hooks);
  job.progress("converting", 0, 1, "tables");
  for (const std::string& warning : convert_table(source, target, options.read, options.force))
    job.warn(source.string() + ": " + warning);
  job.report.files = {target};
  job.report.record = record_beside(target);
  write_record(options, source, job.report);
  return job.report;
}

}  // namespace posse
