#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/command.h"
#include "cluster/neurocaas_config.h"

namespace posse {
namespace {

/// Line feeds and the blanks after them as one blank: the job's log has a line for an error.
std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += ' ';
    } else if (c != ' ' || !line.ends_with(' ')) {
      line += c;
    }
  }
  return line;
}

void print_config(const std::filesystem::path& file, Console& console) {
  std::string lines;
  try {
    lines = lines_of(read_neurocaas_config(file));
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, in_one_line(error.what()));
  }
  console.print_fields(lines);
}

}  // namespace

void add_neurocaas_config(Verb root, CommandContext& context) {
  auto file = std::make_shared<std::filesystem::path>();
  Verb verb = root.add_verb(
      "neurocaas-config",
      "print what a NeuroCAAS configuration asks for, for the script posse-neurocaas");
  verb.add_option("FILE", *file, "configuration of a job, .yaml or .json").required();
  verb.footer(
      "Prints lines of field, tab and value: mode, modelpath, and a line for each model, option of "
      "posse run, and note. The\n"
      "script posse-neurocaas reads them. An error is one line, with exit code 2.");
  verb.on_call([file, &context] { print_config(*file, context.console); });
}

}  // namespace posse
