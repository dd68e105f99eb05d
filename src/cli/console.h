/// Prints results, messages and progress, and formats durations and sizes.
#pragma once

#include <string>

#include "base/progress.h"

namespace posse {

/// stdout for results, stderr for messages; control characters and escape sequences in either, as
/// from a file's name, are shown as \xNN. Progress is redrawn on a terminal and printed as plain
/// lines elsewhere.
class Console {
 public:
  explicit Console(bool quiet = false);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void set_quiet(bool quiet) { quiet_ = quiet; }
  bool is_terminal() const { return terminal_; }
  /// A result: to stdout, with a line feed.
  void print(const std::string& text);
  /// The same for fields with tabs between them, which have no other control characters.
  void print_fields(const std::string& lines);
  /// A message: to stderr, with a line feed; not when quiet.
  void note(const std::string& text);
  /// "posse: warning: ..." to stderr, always.
  void warn(const std::string& text);
  /// Shows where long work is; at most ten redraws a second on a terminal, one line per ten seconds
  /// elsewhere.
  void progress(const Progress& progress);
  /// Ends the progress line, if any is open, so that other text starts on a line of its own.
  void end_progress();

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

}  // namespace posse
