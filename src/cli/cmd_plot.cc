#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "report/plot_job.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct PlotArguments {
  fs::path input;
  fs::path out;
  PlotOptions options;
  bool force = false;
};

}  // namespace

void add_plot(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<PlotArguments>();
  Verb verb = root.add_verb("plot", "draw one figure for a paper, as SVG or PNG");
  verb.add_option("INPUT", arguments->input,
                  "results of one video, or the JSON of posse evaluate or posse study")
      .required();
  verb.add_option("-o,--out", arguments->out, "file to write, ends in .svg or .png")
      .required()
      .placeholder("FILE");
  describe(arguments->options, OptionBinder(verb, "The figure"));
  verb.add_flag("--force", arguments->force, "replace the file if it exists");
  verb.footer(
      "example: posse plot posse-results/m3v1 --bodypart snout --frames 1000:1500 -o snout.svg\n"
      "         posse plot evaluation.json --kind reliability --width-mm 85 -o reliability.png");
  verb.on_call([arguments, &context] {
    write_plot(arguments->input, arguments->out, arguments->force, arguments->options,
               console_hooks(context));
    context.console.end_progress();
    context.console.print(arguments->out.string());
  });
}

}  // namespace posse
