#include "cli/table_job.h"

namespace posse {

JobHooks console_hooks(CommandContext& context) {
  return {.progress = [&context](const Progress& p) { context.console.progress(p); },
          .note = [&context](const std::string& text) { context.console.note(text); },
          .warning = [&context](const std::string& text) { context.console.warn(text); },
          .stop = &context.stop};
}

void print_report(const JobReport& report, CommandContext& context) {
  context.console.end_progress();
  for (const std::filesystem::path& file : report.files) context.console.print(file.string());
  if (!report.warnings.empty()) context.exit_code = ExitCode::data_warnings;
}

}  // namespace posse
