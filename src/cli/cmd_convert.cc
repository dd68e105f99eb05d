#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "results/table/convert_table.h"

namespace posse {
namespace {

struct ConvertArguments {
  std::filesystem::path source;
  std::filesystem::path target;
  TableReadOptions options;
  bool force = false;
};

}  // namespace

void add_convert(Verb root, CommandContext& context) {
  Verb verb = root.add_verb(
      "convert", "rewrite a pose table as .csv or .h5 (from csv, h5, SLEAP .slp or analysis .h5)");
  auto arguments = std::make_shared<ConvertArguments>();
  verb.add_option("SOURCE", arguments->source, "table to read").required();
  verb.add_option("TARGET", arguments->target, "table to write, ends in .csv or .h5").required();
  verb.add_option("--individual", arguments->options.individual,
                  "keep one animal of a multi-animal table");
  verb.add_option("--scorer", arguments->options.scorer, "keep one scorer of several");
  verb.add_flag("--force", arguments->force, "replace TARGET if it exists");
  verb.footer("Example: posse convert m3v1.csv m3v1.h5");
  verb.on_call([arguments, &context] {
    for (const std::string& warning : convert_table(arguments->source, arguments->target,
                                                    arguments->options, arguments->force)) {
      context.console.warn(arguments->source.string() + ": " + warning);
      context.exit_code = ExitCode::data_warnings;
    }
    context.console.print(arguments->target.string());
  });
}

}  // namespace posse
