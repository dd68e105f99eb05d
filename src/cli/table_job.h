/// Connects a job over tables with the command line: its messages go to the console, its report to
/// stdout.
#pragma once

#include "cli/command.h"
#include "table_jobs/job.h"

namespace posse {

/// Hooks that print notes, warnings and progress, and stop when the program is asked to.
JobHooks console_hooks(CommandContext& context);

/// Prints the files that were written, and sets the exit code.
void print_report(const JobReport& report, CommandContext& context);

}  // namespace posse
