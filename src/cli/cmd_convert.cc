#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/option_binding.h"
#include "cli/table_job.h"
#include "table_jobs/convert_job.h"

namespace posse {
namespace {

struct ConvertArguments {
  std::filesystem::path source;
  std::filesystem::path target;
  ConvertOptions options;
};

}  // namespace

void add_convert(Verb root, CommandContext& context) {
  Verb verb = root.add_verb(
      "convert",
      "rewrite a pose table as .csv or .h5 (from .csv, .h5, SLEAP's .slp or analysis .h5)");
  auto arguments = std::make_shared<ConvertArguments>();
  verb.add_option("SOURCE", arguments->source, "table to read").required();
  verb.add_option("TARGET", arguments->target,
                  "table to write, ends in .csv or .h5; a folder with --as-member")
      .required();
  describe(arguments->options, OptionBinder(verb, "Options"));
  verb.footer(
      "example: posse convert m3v1.csv m3v1.h5\n"
      "         posse convert posse-results/m3v1/m3v1DLC_posseMean_t_5members.h5 for-dlc "
      "--as-member PROJECT");
  verb.on_call([arguments, &context] {
    print_report(run_convert(arguments->source, arguments->target, arguments->options,
                             console_hooks(context)),
                 context);
  });
}

}  // namespace posse
