#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "ensemble/options.h"
#include "study/evaluate_job.h"

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

StudyHooks study_hooks(CommandContext& context) {
  return {.progress = [&context](const Progress& p) { context.console.progress(p); },
          .note = {},
          .warning = [&context](const std::string& text) { context.console.warn(text); },
          .stop = &context.stop};
}

Evaluation evaluation_of(const EvaluateArguments& arguments, CommandContext& context) {
  Evaluation evaluation = evaluate(arguments.members, arguments.labels, arguments.options,
                                   arguments.ensemble, study_hooks(context));
  context.console.end_progress();
  for (const std::string& note : evaluation.notes) context.console.note(note);
  for (const std::string& warning : evaluation.warnings) context.console.warn(warning);
  if (!evaluation.warnings.empty()) context.exit_code = ExitCode::data_warnings;
  return evaluation;
}

void add_options(Verb verb, EvaluateArguments& arguments) {
  verb.add_option("MEMBERS", arguments.members,
                  "trained networks: project folders, train/ folders or snapshot prefixes, or a "
                  "folder that holds them")
      .required();
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
  Verb verb = root.add_verb("evaluate", "errors and uncertainty against hand labels");
  add_options(verb, *arguments);
  verb.add_flag("--json", arguments->json, "print the numbers as JSON");
  verb.footer(
      "A labelled picture is judged only by the members that were not trained on it; the consensus "
      "is formed of them anew.\n"
      "Members run once over the pictures; their maps are kept by content, so that a second call "
      "needs no network.\n\n"
      "example: posse evaluate member-1 member-2 member-3 --labels project");
  verb.on_call([arguments, &context] {
    const Evaluation evaluation = evaluation_of(*arguments, context);
    context.console.print(arguments->json ? to_json(evaluation).dump(2) : to_text(evaluation));
  });
}

}  // namespace posse
