#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <string_view>

#include "base/clock.h"
#include "base/count_text.h"
#include "base/text.h"

namespace posse {
namespace {

/// "1 frame", "2 frames"; a unit is said in the plural
std::string counted(int64_t number, std::string_view unit) {
  if (unit.ends_with('s')) unit.remove_suffix(1);
  return count_text(number, unit);
}

std::string describe(const Progress& progress) {
  std::string text =
      progress.item.empty() ? progress.stage : printable(progress.item) + ": " + progress.stage;
  const double rate =
      progress.elapsed_seconds > 0
          ? static_cast<double>(progress.done - progress.taken_over) / progress.elapsed_seconds
          : 0;
  if (progress.total && *progress.total > 0) {
    const double share = static_cast<double>(progress.done) / static_cast<double>(*progress.total);
    text += fmt::format(" {} of {} ({:.0f} %)", progress.done,
                        counted(*progress.total, progress.unit), 100 * share);
  } else {
    text += " " + counted(progress.done, progress.unit);
  }
  if (rate > 0) text += fmt::format(", {:.1f} {}/s", rate, progress.unit);
  if (rate > 0 && progress.total && *progress.total > progress.done) {
    text += ", " + format_duration(static_cast<double>(*progress.total - progress.done) / rate) +
            " left";
  }
  return text;
}

}  // namespace

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {}

Console::~Console() { end_progress(); }

void Console::clear_line() {
  if (line_open_) std::fputs("\r\033[K", stderr);
  line_open_ = false;
}

void Console::print(const std::string& text) {
  clear_line();
  std::fputs((printable_lines(text) + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void Console::print_fields(const std::string& lines) {
  clear_line();
  std::fputs(lines.c_str(), stdout);
  std::fflush(stdout);
}

void Console::note(const std::string& text) {
  if (quiet_) return;
  clear_line();
  std::fputs((printable_lines(text) + "\n").c_str(), stderr);
}

void Console::warn(const std::string& text) {
  clear_line();
  std::fputs(("posse: warning: " + printable_lines(text) + "\n").c_str(), stderr);
}

void Console::progress(const Progress& progress) {
  if (quiet_) return;
  const double now = seconds_now();
  const bool last = progress.total && progress.done >= *progress.total;
  const std::string stage = progress.item + "\n" + progress.stage;
  const bool new_stage = stage != last_stage_;
  if (!last && !new_stage && now - last_shown_ < (terminal_ ? 0.1 : 10.0)) return;
  if (new_stage && !terminal_ &&
      !last) {  // the first line of a stage comes after ten seconds, not at once
    last_stage_ = stage;
    last_shown_ = now;
    return;
  }
  last_stage_ = stage;
  last_shown_ = now;
  if (terminal_) {
    std::fputs(("\r\033[K" + describe(progress)).c_str(), stderr);
    line_open_ = true;
  } else {
    std::fputs((describe(progress) + "\n").c_str(), stderr);
  }
  std::fflush(stderr);
}

void Console::end_progress() {
  if (line_open_) std::fputs("\n", stderr);
  line_open_ = false;
  last_stage_.clear();
}

std::string format_duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(double bytes) {
  const char* units[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 999.5 && unit < 4; ++unit) bytes /= 1000;
  return unit == 0 ? fmt::format("{:.0f} bytes", bytes)
                   : fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace posse
