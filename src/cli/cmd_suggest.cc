#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "study/suggest/suggest_job.h"
#include "study/suggest/suggestions_text.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct SuggestArguments {
  std::vector<fs::path> results;
  SuggestTargets targets;
  SuggestOptions options;
  bool json = false;
};

void print_outcome(const SuggestOutcome& outcome, const SuggestArguments& arguments,
                   CommandContext& context) {
  context.console.end_progress();
  if (outcome.was_done) {
    context.console.note(
        "these suggestions were made already; another --out or --seed makes others");
  } else {
    for (const std::string& note : outcome.suggestions.notes) context.console.note(note);
    for (const std::string& warning : outcome.suggestions.warnings) context.console.warn(warning);
    if (!outcome.suggestions.warnings.empty()) context.exit_code = ExitCode::data_warnings;
    context.console.print(arguments.json ? to_json(outcome.suggestions).dump(2)
                                         : to_text(outcome.suggestions));
  }
  if (arguments.json && !outcome.was_done) return;
  const bool is_plan = arguments.targets.dry_run;
  for (const auto* files : {&outcome.files, &outcome.project_files})
    for (const fs::path& file : *files)
      context.console.print((is_plan ? "would write " : "") + file.string());
}

}  // namespace

void add_suggest(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<SuggestArguments>();
  Verb verb = root.add_verb("suggest", "choose frames to label next from finished results");
  verb.add_option("RESULTS", arguments->results,
                  "results of posse run: folders of videos, or a folder that holds them")
      .required();
  verb.add_option("-o,--out", arguments->targets.out,
                  "folder for posse-suggestions.json, suggestions.csv and suggestions.png (default "
                  "posse-suggestions)")
      .placeholder("DIR");
  verb.add_option("--write-to", arguments->targets.project,
                  "project of DeepLabCut or Lightning Pose to write the frames' pictures and "
                  "predictions into, ready to be corrected")
      .placeholder("PROJECT");
  describe(arguments->options, OptionBinder(verb, "Which frames"));
  verb.add_flag("--force", arguments->targets.force, "replace the files of other suggestions");
  verb.add_flag("--dry-run", arguments->targets.dry_run,
                "choose and print frames, but write nothing");
  verb.add_flag("--json", arguments->json, "print the suggestions as JSON");
  verb.footer(
      "No network runs: frames are scored from the stored points of the members, the track, and "
      "the consensus's maps.\n"
      "A fifth of the frames (audit frames) is drawn at random: errors on these alone estimate the "
      "errors on all frames.\n"
      "\n"
      "example: posse suggest posse-results --count 40 --labels project\n"
      "         posse suggest posse-results --count 40 --write-to project");
  verb.on_call([arguments, &context] {
    const SuggestOutcome outcome =
        suggest(arguments->results, arguments->targets, arguments->options, console_hooks(context));
    print_outcome(outcome, *arguments, context);
  });
}

}  // namespace posse
