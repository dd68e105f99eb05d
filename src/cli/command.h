/// Declares the subcommands, their exit codes, and what every subcommand is given.
///
/// To add a subcommand:
///  1. write src/cli/cmd_<verb>.cc with `void add_<verb>(Verb root, CommandContext& context)`: it
///     declares the options, and what it does on_call parses nothing itself: it calls one library
///     function, prints through context.console and sets context.exit_code (left alone: done);
///  2. declare it below, call it in main.cc and add the file to src/cli/CMakeLists.txt;
///  3. describe it in docs/cli.md and test it in tests/cli/.
/// Errors are thrown as posse::Error; main() turns them into a message and an exit code.
#pragma once

#include "base/stop.h"
#include "cli/console.h"
#include "cli/verb.h"

namespace posse {

enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,
  some_failed = 3,         ///< some of several inputs, or some of the results, failed
  data_warnings = 4,       ///< finished, but the data had faults (see the warnings)
  capability_missing = 5,  ///< not built in, not supported, or not possible on this machine
  try_again = 75,  ///< plan, work, finish: stopped early or incomplete; any: a device was lost
  interrupted = 130,
};

struct CommandContext {
  Console console;
  StopFlag stop;
  ExitCode exit_code = ExitCode::done;
};

/// For work on many machines: a request to stop also comes by SIGUSR1, ends the program after
/// `seconds` even within a batch, and at once when it comes twice, with this code. What is done is
/// on the disk then.
void stop_within(int seconds, ExitCode code);

void add_bench(Verb root, CommandContext& context);
void add_calibrate(Verb root, CommandContext& context);
void add_consensus(Verb root, CommandContext& context);
void add_convert(Verb root, CommandContext& context);
void add_demo(Verb root, CommandContext& context);
void add_doctor(Verb root, CommandContext& context);
void add_evaluate(Verb root, CommandContext& context);
void add_export(Verb root, CommandContext& context);
void add_finish(Verb root, CommandContext& context);
void add_neurocaas_config(Verb root, CommandContext& context);
void add_plan(Verb root, CommandContext& context);
void add_plot(Verb root, CommandContext& context);
void add_render(Verb root, CommandContext& context);
void add_report(Verb root, CommandContext& context);
void add_run(Verb root, CommandContext& context);
void add_scoremap(Verb root, CommandContext& context);
void add_smooth(Verb root, CommandContext& context);
void add_status(Verb root, CommandContext& context);
void add_study(Verb root, CommandContext& context);
void add_submit(Verb root, CommandContext& context);
void add_suggest(Verb root, CommandContext& context);
void add_work(Verb root, CommandContext& context);
void add_info(Verb root, CommandContext& context);

}  // namespace posse
