#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/count_text.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cluster/submit.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct SubmitArguments {
  fs::path folder;
  SubmitOptions options;
  bool json = false;
};

/// This program, as the cluster's machines find it too where they see the same file system.
fs::path this_program() {
  std::error_code missing;
  const fs::path self = fs::read_symlink("/proc/self/exe", missing);
  return missing ? fs::path("posse") : self;
}

void submit(const SubmitArguments& arguments, CommandContext& context) {
  const SubmitReport report = submit(arguments.folder, this_program(), arguments.options);
  Console& console = context.console;
  if (arguments.json) {
    console.print(Json::object({{"tasks", report.tasks},
                                {"commands", report.commands},
                                {"jobs", report.job_ids},
                                {"finish", report.finish_id}})
                      .dump(2));
    return;
  }
  if (report.commands.empty()) {
    console.print("nothing is missing, nothing was submitted");
    return;
  }
  if (arguments.options.print) {
    for (const std::string& command : report.commands) console.print(command);
    return;
  }
  console.print(fmt::format("submitted {} in {}, then posse finish (job {})",
                            count_text(std::ssize(report.tasks), "task"),
                            count_text(std::ssize(report.job_ids), "job array"), report.finish_id));
  console.print(fmt::format("posse status {} says how far they are", arguments.folder.string()));
}

}  // namespace

void add_submit(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<SubmitArguments>();
  Verb verb =
      root.add_verb("submit", "submit the missing work of a planned run to Slurm, as job arrays");
  verb.add_option("RUN", arguments->folder, "directory that posse plan made").required();
  describe(arguments->options, OptionBinder(verb, "Slurm"));
  verb.add_flag("--json", arguments->json, "print the outcome as JSON");
  verb.footer(
      "The same command, given again, submits what is still missing. With another scheduler start "
      "posse work RUN --task auto\n"
      "as an array of tasks, then posse finish RUN.");
  verb.on_call([arguments, &context] { submit(*arguments, context); });
}

}  // namespace posse
