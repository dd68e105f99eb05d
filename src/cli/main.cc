#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/command.h"

namespace posse {
namespace {

// For the signal handlers alone.
StopFlag* stop_flag = nullptr;
volatile std::sig_atomic_t stop_code = static_cast<int>(ExitCode::interrupted);
volatile std::sig_atomic_t stop_seconds = 0;  // 0: as long as it takes

extern "C" void on_alarm(int) { std::_Exit(stop_code); }

extern "C" void on_stop_signal(int) {
  if (stop_flag == nullptr || stop_flag->requested()) std::_Exit(stop_code);
  stop_flag->request();
  if (stop_seconds > 0) ::alarm(static_cast<unsigned>(stop_seconds));
}

ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return ExitCode::usage;
    case ErrorKind::unsupported:
    case ErrorKind::unavailable:
    case ErrorKind::device_memory:
      return ExitCode::capability_missing;
    case ErrorKind::device_lost:
      return ExitCode::try_again;
    case ErrorKind::interrupted:
      return ExitCode::interrupted;
    default:
      return ExitCode::failed;
  }
}

void add_commands(Verb root, CommandContext& context) {
  add_demo(root, context);
  add_info(root, context);
  add_run(root, context);
  add_render(root, context);
  add_report(root, context);
  add_consensus(root, context);
  add_smooth(root, context);
  add_evaluate(root, context);
  add_calibrate(root, context);
  add_suggest(root, context);
  add_study(root, context);
  add_plot(root, context);
  add_convert(root, context);
  add_export(root, context);
  add_scoremap(root, context);
  add_plan(root, context);
  add_work(root, context);
  add_status(root, context);
  add_finish(root, context);
  add_submit(root, context);
  add_neurocaas_config(root, context);
  add_bench(root, context);
  add_doctor(root, context);
}

/// The parser itself would only say that a verb is missing.
void check_verb(const std::vector<std::string>& verbs, std::span<char* const> words) {
  const auto word =
      std::find_if(words.begin(), words.end(), [](const char* text) { return text[0] != '-'; });
  if (word == words.end() || std::find(verbs.begin(), verbs.end(), *word) != verbs.end()) return;
  throw Error(ErrorKind::usage, fmt::format("there is no verb '{}'", printable(*word)),
              {.have = list_names(verbs), .hint = "posse --help says what each of them does"});
}

int run(int argc, char** argv) {
  CommandContext context;
  stop_flag = &context.stop;
  std::signal(SIGINT, on_stop_signal);
  std::signal(SIGTERM, on_stop_signal);
  // A closed terminal stops too; under nohup, which ignores it, the work goes on.
  if (std::signal(SIGHUP, on_stop_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is an error of writing, with a message
  CommandLine line("posse", "posse: consensus poses from ensembles of pose networks",
                   "posse " + version());
  Verb root = line.root();
  bool quiet = false;
  root.add_flag("-q,--quiet", quiet, "show no progress and no notes, only warnings and errors");
  root.footer(
      "exit codes: 0 done, 1 failed, 2 wrong usage, 3 some inputs or results failed, 4 finished "
      "with data warnings,\n"
      "            5 not supported or missing here, 75 run it again (plan, work, finish, a lost "
      "device),\n"
      "            130 interrupted\n"
      "posse VERB --help shows the options of a verb. Start with: posse demo");
  add_commands(root, context);
  try {
    check_verb(line.verbs(), std::span<char* const>(argv, static_cast<size_t>(argc)).subspan(1));
    const std::optional<int> code = with_system_errors([&] {
      return line.run(
          argc, argv, [&] { context.console.set_quiet(quiet); }, static_cast<int>(ExitCode::usage));
    });
    if (code) return *code;
  } catch (const Error& error) {
    context.console.end_progress();
    std::fprintf(stderr, "posse: %s: %s\n",
                 error.kind() == ErrorKind::interrupted ? "stopped" : "error",
                 printable_lines(error.what()).c_str());
    return static_cast<int>(exit_code_of(error.kind()));
  }
  context.console.end_progress();
  return static_cast<int>(context.exit_code);
}

}  // namespace

void stop_within(int seconds, ExitCode code) {
  stop_code = static_cast<int>(code);
  stop_seconds = seconds;
  std::signal(SIGALRM, on_alarm);
  std::signal(SIGUSR1, on_stop_signal);
}

}  // namespace posse

int main(int argc, char** argv) {
  try {
    return posse::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs(
        "posse: error: out of memory\n  hint: fewer members, a smaller --batch, or --low-memory\n",
        stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "posse: internal error: %s; please report this\n", error.what());
  }
  return static_cast<int>(posse::ExitCode::failed);
}
