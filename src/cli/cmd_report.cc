#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "report/report_job.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct ReportArguments {
  std::vector<fs::path> results;
  fs::path out = "report.html";
  ReportOptions options;
  bool force = false;
  bool dry_run = false;
  bool json = false;
};

void report(const ReportArguments& arguments, CommandContext& context) {
  const fs::path out = arguments.dry_run ? fs::path() : arguments.out;
  const ReportOutcome outcome = make_report(arguments.results, out, arguments.force,
                                            arguments.options, console_hooks(context));
  context.console.end_progress();
  for (const std::string& warning : outcome.warnings) context.console.warn(warning);
  if (!outcome.warnings.empty()) context.exit_code = ExitCode::data_warnings;
  if (arguments.json) {
    context.console.print(outcome.contents.dump(2));
  } else if (arguments.dry_run) {
    context.console.print("would write " + arguments.out.string());
  } else {
    context.console.print(
        fmt::format("{} ({})", out.string(), format_bytes(static_cast<double>(outcome.num_bytes))));
  }
}

}  // namespace

void add_report(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<ReportArguments>();
  Verb verb = root.add_verb("report", "write one HTML file that shows finished results");
  verb.add_option("RESULTS", arguments->results,
                  "results of posse run: folders of videos, or a folder that holds them")
      .required();
  verb.add_option("-o,--out", arguments->out, "file to write (default report.html)")
      .placeholder("FILE");
  describe(arguments->options, OptionBinder(verb, "What it holds"));
  verb.add_flag("--force", arguments->force, "replace the file if it exists");
  verb.add_flag("--dry-run", arguments->dry_run, "read everything, but write nothing");
  verb.add_flag("--json", arguments->json, "print what the report holds as JSON");
  verb.footer(
      "The file holds everything it shows; it needs no network and no other file.\n"
      "\n"
      "example: posse report posse-results -o report.html");
  verb.on_call([arguments, &context] { report(*arguments, context); });
}

}  // namespace posse
