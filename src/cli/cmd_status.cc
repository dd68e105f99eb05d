#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cluster/status.h"

namespace posse {
namespace {

struct StatusArguments {
  std::filesystem::path folder;
  bool json = false;
};

}  // namespace

void add_status(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<StatusArguments>();
  Verb verb = root.add_verb("status", "say how far a planned run is");
  verb.add_option("RUN", arguments->folder, "directory that posse plan made").required();
  verb.add_flag("--json", arguments->json, "print the state as JSON");
  verb.footer("Looks at the names and times of files alone, and changes nothing.");
  verb.on_call([arguments, &context] {
    const RunStatusReport report = look_at_run(arguments->folder);
    std::string text = arguments->json ? describe(report).dump(2) : table_of(report);
    if (text.ends_with('\n')) text.pop_back();
    context.console.print(text);
  });
}

}  // namespace posse
