/// What every subcommand gets, and how one is made.
///
/// To add a subcommand:
///  1. write src/cli/cmd_<verb>.cc with `void add_<verb>(CLI::App& root, CommandContext& context)`:
///  it declares the
///     options, and its callback parses nothing itself: it calls one library function, prints
///     through context.console and sets context.exit_code (left alone it means done);
///  2. declare it below, call it in main.cc and add the file to src/cli/CMakeLists.txt;
///  3. describe it in docs/cli.md and test it in tests/cli/.
/// Errors are thrown as posse::Error; main() turns them into a message and an exit code.
#pragma once

#include <cstdint>
#include <string>

#include "base/progress.h"
#include "base/stop.h"

namespace CLI {
class App;
}

namespace posse {

enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,
  some_failed = 3,         ///< some of several inputs failed
  data_warnings = 4,       ///< finished, but the data had faults (see the warnings)
  capability_missing = 5,  ///< not built in, not supported, or not possible on this machine
  interrupted = 130,
};

/// stdout for results, stderr for messages; progress is redrawn on a terminal and printed as plain
/// lines elsewhere.
class Console {
 public:
  explicit Console(bool quiet = false);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void set_quiet(bool quiet) { quiet_ = quiet; }
  /// A result: to stdout, with a line feed.
  void print(const std::string& text);
  /// A message: to stderr, with a line feed; not when quiet.
  void note(const std::string& text);
  /// "posse: warning: ..." to stderr, always.
  void warn(const std::string& text);
  /// Shows where long work is; at most ten redraws a second on a terminal, one line per ten seconds
  /// elsewhere.
  void progress(const Progress& progress);
  /// Ends the progress line, if any is open, so that other text starts on a line of its own.
  void end_progress();
  bool is_terminal() const { return terminal_; }

 private:
  void clear_line();
  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  double last_shown_ = -1;
  std::string last_stage_;
};

/// "3.2 s", "4 min 10 s", "2 h 05 min".
std::string format_duration(double seconds);
/// "12.3 MB".
std::string format_bytes(double bytes);

struct CommandContext {
  Console console;
  StopFlag stop;
  ExitCode exit_code = ExitCode::done;
};

void add_bench(CLI::App& root, CommandContext& context);
void add_consensus(CLI::App& root, CommandContext& context);
void add_convert(CLI::App& root, CommandContext& context);
void add_demo(CLI::App& root, CommandContext& context);
void add_doctor(CLI::App& root, CommandContext& context);
void add_export(CLI::App& root, CommandContext& context);
void add_render(CLI::App& root, CommandContext& context);
void add_run(CLI::App& root, CommandContext& context);
void add_scoremap(CLI::App& root, CommandContext& context);
void add_smooth(CLI::App& root, CommandContext& context);
void add_info(CLI::App& root, CommandContext& context);

}  // namespace posse
