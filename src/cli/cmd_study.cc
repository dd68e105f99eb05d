#include <filesystem>
#include <memory>

#include "base/paths.h"
#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "ensemble/options.h"
#include "study/study_job.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct StudyArguments {
  fs::path manifest;
  StudyOptions options;
  EnsembleOptions ensemble;
  fs::path out;
  bool dry_run = false;
  bool json = false;
};

void run_study(const StudyArguments& arguments, CommandContext& context) {
  if (!arguments.out.empty() && !arguments.dry_run) require_writable(arguments.out / "study.json");
  const Study found =
      study(arguments.manifest, arguments.options, arguments.ensemble, console_hooks(context));
  context.console.end_progress();
  for (const std::string& note : found.notes) context.console.note(note);
  for (const std::string& warning : found.warnings) context.console.warn(warning);
  if (!found.warnings.empty()) context.exit_code = ExitCode::data_warnings;
  std::string written;
  if (!arguments.out.empty() && arguments.dry_run) {
    written = "\n";
    for (const fs::path& file : study_files(found, arguments.out))
      written += "\nwould write " + file.string();
  } else if (!arguments.out.empty()) {
    for (const fs::path& file : write_study(found, arguments.out)) written += "\n" + file.string();
    written = "\n\nwritten:" + written;
  }
  context.console.print(arguments.json ? to_json(found).dump(2) : to_text(found) + written);
}

}  // namespace

void add_study(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<StudyArguments>();
  Verb verb = root.add_verb("study", "find out which training frames help and which members fail");
  verb.add_option("MANIFEST", arguments->manifest,
                  "csv or yaml that lists the members, with the columns member (a project, or a "
                  "table of one video; its path starts at the manifest's folder), seed, frames "
                  "(number of training frames), group, trained_on")
      .required();
  describe(arguments->options, OptionBinder(verb, "What is studied"));
  describe(arguments->ensemble, OptionBinder(verb, "Networks"));
  verb.add_option("--out", arguments->out, "folder for a csv of each table and for study.json")
      .placeholder("DIR");
  verb.add_flag("--dry-run", arguments->dry_run, "compute and print, but write nothing to --out");
  verb.add_flag("--json", arguments->json, "print the numbers as JSON");
  verb.footer(
      "Errors are measured on test frames: labelled frames that no member was trained on.\n"
      "\n"
      "example: posse study members.csv --labels training-project test-labels.csv --out study");
  verb.on_call([arguments, &context] { run_study(*arguments, context); });
}

}  // namespace posse
