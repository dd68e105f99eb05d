#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/count_text.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "cluster/work.h"

namespace posse {
namespace {

/// A scheduler sends its second, hard signal after some seconds.
constexpr int kSecondsToStop = 4;

struct WorkArguments {
  std::filesystem::path folder;
  WorkOptions options;
  bool all = false;
  bool json = false;
};

void print_unit(const UnitReport& unit, Console& console) {
  console.end_progress();
  if (unit.end == UnitEnd::failed) {
    console.warn(unit.to_string());
  } else {
    console.note(unit.to_string());
  }
}

void work(const WorkArguments& arguments, CommandContext& context) {
  stop_within(kSecondsToStop, ExitCode::try_again);
  WorkHooks hooks{console_hooks(context)};
  hooks.progress = context.console.is_terminal() ? hooks.progress : ProgressCallback();
  hooks.on_unit = [&](const UnitReport& unit) { print_unit(unit, context.console); };
  const WorkReport report = work(arguments.folder, arguments.options, hooks);
  context.console.end_progress();
  if (arguments.json) {
    context.console.print(Json::object({{"units_done", report.num_done},
                                        {"units_skipped", report.num_skipped},
                                        {"units_failed", report.num_failed},
                                        {"frames", report.num_frames},
                                        {"stopped", report.is_stopped},
                                        {"machine_error", report.machine_error}})
                              .dump(2));
  } else {
    context.console.print(fmt::format("{} done, {} were done already, {} failed{}",
                                      count_text(report.num_done, "unit"), report.num_skipped,
                                      report.num_failed, report.is_stopped ? "; stopped" : ""));
  }
  if (!report.machine_error.empty())
    context.console.warn("this machine cannot go on: " + report.machine_error);
  if (report.is_stopped || !report.machine_error.empty()) {
    context.exit_code = ExitCode::try_again;
  } else if (report.num_failed > 0) {
    context.exit_code = ExitCode::failed;
  }
}

}  // namespace

void add_work(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<WorkArguments>();
  Verb verb =
      root.add_verb("work", "compute parts of a planned run; start it on any number of machines");
  verb.add_option("RUN", arguments->folder, "directory that posse plan made").required();
  describe(arguments->options, OptionBinder(verb, "Work"));
  verb.add_flag("--all", arguments->all, "do all units that nobody else does (the default)")
      .excludes("--task");
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "It may be started, killed and repeated anywhere, any number of times: what is done stays "
      "done.\n"
      "exit codes: 0 all units are done, 1 some failed (posse status says why), 75 stopped early "
      "or this machine cannot go\n"
      "            on: run it again");
  verb.on_call([arguments, &context] { work(*arguments, context); });
}

}  // namespace posse
