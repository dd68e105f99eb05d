#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "table_jobs/smooth_jobs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

template <class Options>
struct SmoothArguments {
  std::vector<fs::path> inputs;
  fs::path out;
  Options options;
};

/// What is said of a kind in the help.
struct KindWords {
  const char* name;
  const char* help;
  bool out_is_folder;
  const char* example;  // what stands behind "posse smooth"
};

/// A kind of smoothing as a verb of its own below `smooth`: `job` is called with inputs, out,
/// options and hooks.
template <class Options, class RunJob>
void add_kind(Verb verb, CommandContext& context, const KindWords& words, RunJob job) {
  auto arguments = std::make_shared<SmoothArguments<Options>>();
  Verb kind = verb.add_verb(words.name, words.help);
  kind.add_option("FILE", arguments->inputs,
                  "tables of the members (.csv, .h5, .slp), or a folder that holds them")
      .required();
  kind.add_option("--out", arguments->out,
                  words.out_is_folder ? "folder to write a table per camera into"
                                      : "table to write, ends in .h5 or .csv")
      .required()
      .placeholder(words.out_is_folder ? "DIR" : "TABLE");
  describe(arguments->options, OptionBinder(kind, "Options"));
  if constexpr (requires { arguments->options.tuning.eks_objective; }) {
    // The option's name until version 0.1; no group: not in the help.
    kind.add_flag("--peer-objective", arguments->options.tuning.eks_objective, "").group("");
  }
  kind.footer(std::string("example: posse smooth ") + words.example);
  kind.on_call([arguments, &context, job] {
    const auto outcome = job({.paths = arguments->inputs, .poses = {}}, arguments->out,
                             arguments->options, console_hooks(context));
    print_report(outcome.report, context);
  });
}

}  // namespace

void add_smooth(Verb root, CommandContext& context) {
  Verb verb = root.add_verb(
      "smooth", "smooth the tables of several networks with an ensemble Kalman smoother");
  verb.require_verb();
  add_kind<SmoothSingleOptions>(verb, context,
                                {"single", "smooth the keypoints of one camera", false,
                                 "single seed0.csv seed1.csv seed2.csv --out smoothed.h5"},
                                run_smooth_single);
  add_kind<SmoothMultiOptions>(
      verb, context,
      {"multi", "smooth a recording of several cameras, with a file per camera and member", true,
       "multi tables --camera-names top side --out smoothed"},
      run_smooth_multi);
  add_kind<SmoothMirroredOptions>(
      verb, context,
      {"mirrored", "smooth several views in one picture, whose bodyparts are called <name>_<view>",
       false, "mirrored tables --camera-names top side --out mirrored.h5"},
      run_smooth_mirrored);
  add_kind<SmoothPupilOptions>(verb, context,
                               {"pupil", "smooth four points around a pupil as one circle", false,
                                "pupil tables --out pupil.h5 --circle circle.csv"},
                               run_smooth_pupil);
  add_kind<SmoothPawOptions>(
      verb, context,
      {"paw", "smooth two paws that are seen by two cameras with clocks of their own", true,
       "paw tables --out paws"},
      [](const JobInputs& inputs, const fs::path& out, const SmoothPawOptions& options,
         const JobHooks& hooks) { return run_smooth_paw(inputs, out, options, hooks); });
  verb.footer("example: posse smooth single seed0.csv seed1.csv seed2.csv --out smoothed.h5");
}

}  // namespace posse
