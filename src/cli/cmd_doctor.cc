#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/threads.h"
#include "cli/command.h"

namespace posse {

void add_doctor(CLI::App& root, CommandContext& context) {
  CLI::App* verb = root.add_subcommand("doctor", "say what this machine can do, and why not");
  verb->callback([&context] {
    const ThreadBudget threads = available_threads();
    context.console.print(fmt::format("threads   {} ({})", threads.num_threads, threads.reason));
  });
}

}  // namespace posse
