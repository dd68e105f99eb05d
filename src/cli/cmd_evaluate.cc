#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "ensemble/options.h"
#include "study/evaluate_job.h"
#include "study/evaluation_json.h"
#include "study/evaluation_text.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct EvaluateArguments {
  std::vector<fs::path> members;
  fs::path labels;
  EvaluateOptions options;
  EnsembleOptions ensemble;
  bool json = false;
};

constexpr const char* kNetworks =
    "trained networks: project folders, train/ folders or snapshot prefixes, or a folder that "
    "holds them";

struct CalibrateArguments : EvaluateArguments {
  fs::path out = "calibration.json";
  bool force = false;
  bool dry_run = false;
};

/// Notes and warnings go to stderr, whatever form the results are printed in.
void print_notes(const Evaluation& evaluation, CommandContext& context) {
  context.console.end_progress();
  for (const std::string& note : evaluation.notes) context.console.note(note);
  for (const std::string& warning : evaluation.warnings) context.console.warn(warning);
  if (!evaluation.warnings.empty()) context.exit_code = ExitCode::data_warnings;
}

/// @param members_help  what the verb takes as members
void add_options(Verb verb, EvaluateArguments& arguments, const std::string& members_help) {
  verb.add_option("MEMBERS", arguments.members, members_help).required();
  verb.add_option("--labels", arguments.labels,
                  "hand labels: a project, a folder of pictures with its CollectedData file, or a "
                  "table (.h5, .csv, .slp, .mat)")
      .required()
      .placeholder("PATH");
  describe(arguments.options, OptionBinder(verb, "What is judged"));
  describe(arguments.ensemble, OptionBinder(verb, "Networks"));
}

}  // namespace

void add_evaluate(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<EvaluateArguments>();
  Verb verb = root.add_verb(
      "evaluate",
      "measure the members' and the consensus's errors and uncertainty against hand labels");
  add_options(verb, *arguments, std::string(kNetworks) + "; or their tables of one video");
  verb.add_flag("--json", arguments->json, "print the numbers as JSON");
  verb.footer(
      "A labelled picture is judged only by the members that were not trained on it; the consensus "
      "is formed anew from these.\n"
      "Members run once over the pictures. Their maps are kept in --cache, so that a second call "
      "needs no network.\n"
      "\n"
      "example: posse evaluate member-1 member-2 member-3 --labels project");
  verb.on_call([arguments, &context] {
    const Evaluation evaluation =
        evaluate(arguments->members, arguments->labels, arguments->options, arguments->ensemble,
                 console_hooks(context));
    print_notes(evaluation, context);
    context.console.print(arguments->json ? to_json(evaluation).dump(2) : to_text(evaluation));
  });
}

void add_calibrate(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<CalibrateArguments>();
  Verb verb = root.add_verb("calibrate", "fit the stated uncertainty to hand labels");
  add_options(verb, *arguments, std::string(kNetworks));
  verb.add_option("-o,--out", arguments->out, "file to write (default calibration.json)")
      .placeholder("FILE");
  verb.add_flag("--force", arguments->force, "replace the file if it exists");
  verb.add_flag("--dry-run", arguments->dry_run,
                "compute and print the calibration, but write nothing");
  verb.add_flag("--json", arguments->json, "print the numbers as JSON");
  verb.footer(
      "A calibration holds for these networks and this consensus alone; posse run --calibration "
      "refuses it for others.\n"
      "\n"
      "example: posse calibrate member-1 member-2 --labels project -o calibration.json\n"
      "         posse run video.mp4 --members member-1 member-2 --calibration calibration.json");
  verb.on_call([arguments, &context] {
    const fs::path out = arguments->dry_run ? fs::path() : arguments->out;
    const Evaluation evaluation =
        calibrate(arguments->members, arguments->labels, out, arguments->force, arguments->options,
                  arguments->ensemble, console_hooks(context));
    print_notes(evaluation, context);
    if (arguments->json) {
      context.console.print(to_json(evaluation).dump(2));
      return;
    }
    context.console.print(calibration_text(evaluation) +
                          (out.empty() ? "nothing was written" : out.string()));
  });
}

}  // namespace posse
