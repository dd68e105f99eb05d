#include "project/yaml_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace posse {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
constexpr size_t kMostShown = 100;

std::string_view without_indentation(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : line.substr(first);
}

bool is_comment(std::string_view line) { return without_indentation(line).starts_with('#'); }

bool is_conflict_mark(std::string_view line) {
  for (const std::string_view mark : {"<<<<<<<", "=======", ">>>>>>>", "|||||||"}) {
    if (line.starts_with(mark) && (line.size() == mark.size() || line[mark.size()] == ' ')) {
      return true;
    }
  }
  return false;
}

bool has_tab_before_text(std::string_view line) {
  const size_t first = line.find_first_not_of(' ');
  return first != std::string_view::npos && line[first] == '\t';
}

/// "Task" of "Task:openarena"; empty if a space follows, or the colon is a drive's or a URL's.
std::string_view key_without_space(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon + 1 >= line.size()) return {};
  const char next = line[colon + 1];
  const std::string_view key = line.substr(0, colon);
  const bool is_word = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return is_word && next != ' ' && next != '/' && next != '\\' ? key : std::string_view();
}

bool has_escape_in_double_quotes(std::string_view line) {
  const size_t quote = line.find('"');
  return quote != std::string_view::npos && line.find('\\', quote) != std::string_view::npos;
}

bool holds_path(std::string_view line) {
  return line.find('\\') != std::string_view::npos || line.find('/') != std::string_view::npos;
}

/// A path that an editor broke: it begins on a line without a colon at its end or in a key's place,
/// or the line behind a value is no key.
bool is_folded(std::string_view before, std::string_view line) {
  if (!holds_path(before) || is_comment(before) || before.ends_with(':')) return false;
  const bool is_value = before.find(": ") != std::string_view::npos;
  const std::string_view rest = without_indentation(line);
  if (is_value) return !rest.empty() && rest[0] != '-' && rest.find(':') == std::string_view::npos;
  return line.find_first_not_of(' ') > before.find_first_not_of(' ');
}

/// "iteration" of "iteration 0"; empty for all but a word at the line's beginning and a value.
std::string_view key_without_colon(std::string_view line) {
  const size_t end =
      line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  const bool has_value = end != std::string_view::npos && end > 0 && line[end] == ' ' &&
                         line.find_first_not_of(' ', end) != std::string_view::npos;
  return has_value && line.find(':') == std::string_view::npos && !holds_path(line)
             ? line.substr(0, end)
             : std::string_view();
}

/// The character of a value's beginning that YAML keeps for itself.
std::optional<char> reserved_start(std::string_view line) {
  const size_t colon = line.find(": ");
  std::string_view value =
      without_indentation(colon == std::string_view::npos ? line : line.substr(colon + 1));
  if (value.starts_with("- ")) value = without_indentation(value.substr(2));
  if (value.empty() || std::string_view("%@`").find(value[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  return value[0];
}

struct Cause {
  std::string cause;
  std::string hint;
};

std::optional<Cause> cause_in(std::string_view line) {
  if (has_tab_before_text(line)) {
    return Cause{"a tab stands in the indentation",
                 "indent with spaces: YAML allows no tabs there"};
  }
  if (line.find(kNoBreakSpace) != std::string_view::npos) {
    return Cause{"a no-break space stands in it, as copying from a web page leaves",
                 "replace it by a plain space"};
  }
  if (const std::string_view key = key_without_space(line); !key.empty()) {
    return Cause{fmt::format("no space follows the colon of '{}'", key),
                 fmt::format("write '{}: {}'", key, printable(line.substr(key.size() + 1)))};
  }
  if (const std::string_view key = key_without_colon(line); !key.empty()) {
    return Cause{fmt::format("no colon follows '{}'", key),
                 fmt::format("write '{}: {}'", key,
                             printable(without_indentation(line.substr(key.size()))))};
  }
  if (has_escape_in_double_quotes(line)) {
    return Cause{"a backslash in double quotes begins an escape such as \\n",
                 "write the path without quotes or in single quotes, or with / for \\"};
  }
  if (const auto start = reserved_start(line)) {
    return Cause{fmt::format("a value begins with '{}', which YAML keeps for itself", *start),
                 "put the value in single quotes"};
  }
  return std::nullopt;
}

bool begins_key(std::string_view line) {
  const size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         std::string_view(" \t#-?]}").find(line[0]) == std::string_view::npos;
}

/// "-snout" in place of "- snout"; "- -1" is a number in a list.
std::optional<Cause> dash_without_space(std::string_view line) {
  std::string_view item = without_indentation(line);
  const size_t indentation = line.size() - item.size();
  while (item.starts_with("- ")) item = without_indentation(item.substr(2));
  if (item.size() < 2 || item[0] != '-' || item[1] == ' ' || item[1] == '-') return std::nullopt;
  const size_t before = line.size() - item.size();
  const bool is_number = item.find_first_not_of("0123456789.eE", 1) == std::string_view::npos;
  if (before > indentation && is_number) return std::nullopt;
  return Cause{
      fmt::format("no space follows the dash of '{}'", printable(item)),
      fmt::format("write '{}- {}'", printable(line.substr(0, before)), printable(item.substr(1)))};
}

/// A list's item that is none, before the line where the parser noticed it.
std::optional<YamlFault> broken_item(const std::vector<std::string>& lines, int last) {
  for (int at = last; at >= 1; --at) {
    const std::string_view line = lines[static_cast<size_t>(at - 1)];
    if (is_comment(line)) continue;
    const bool has_odd_space = line.find(kNoBreakSpace) != std::string_view::npos;
    if (const auto cause = has_odd_space ? cause_in(line) : dash_without_space(line)) {
      return YamlFault{
          .line = at, .cause = cause->cause, .hint = cause->hint, .shown = quoted_lines(lines, at)};
    }
    if (at < last && begins_key(line)) break;
  }
  return std::nullopt;
}

/// Where brackets are open.
struct Bracket {
  int line = 0;  ///< from 1
  char mark = '[';
};

/// The place of a value's first character in a line that is in no list yet, if that is one of
/// `marks`; else npos.
size_t mark_of_value(std::string_view line, std::string_view marks) {
  const size_t colon = line.find(": ");
  const size_t at = line.find_first_not_of(" -", colon == std::string_view::npos ? 0 : colon + 2);
  const bool is_mark = at != std::string_view::npos && !is_comment(line) &&
                       marks.find(line[at]) != std::string_view::npos;
  return is_mark ? at : std::string_view::npos;
}

/// Follows the brackets of one line, from `at`; those in quotes and comments do not count.
void follow_brackets(std::string_view line, size_t at, int number, std::vector<Bracket>& open) {
  char quote = 0;
  char before = ',';  // the last one that is no space: an apostrophe inside a word begins nothing
  for (; at < line.size(); ++at) {
    const char c = line[at];
    const bool begins = std::string_view("[{,:").find(before) != std::string_view::npos;
    if (c != ' ') before = c;
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++at;
      if (c == quote) quote = 0;
    } else if (begins && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '#' && (at == 0 || line[at - 1] == ' ')) {
      return;
    } else if (c == '[' || c == '{') {
      open.push_back({.line = number, .mark = c});
    } else if ((c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    }
  }
}

/// Behind the quote's other end, from `at` on; npos if it is not in this line.
size_t behind_quote(std::string_view line, size_t at, char quote) {
  for (; at < line.size(); ++at) {
    if (line[at] == '\\' && quote == '"') {
      ++at;
    } else if (line[at] == quote) {
      const bool is_doubled = quote == '\'' && at + 1 < line.size() && line[at + 1] == quote;
      if (!is_doubled) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

/// The first bracket that is never closed, if the parser stopped in it or behind.
std::optional<YamlFault> open_bracket(const std::vector<std::string>& lines, int last) {
  std::vector<Bracket> open;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t at = open.empty() ? mark_of_value(lines[i], "[{") : 0;
    if (at != std::string_view::npos) follow_brackets(lines[i], at, static_cast<int>(i) + 1, open);
  }
  if (open.empty() || open.front().line > last) return std::nullopt;
  const auto [line, mark] = open.front();
  return YamlFault{.line = line,
                   .cause = fmt::format("the '{}' in it is not closed", mark),
                   .hint = fmt::format("close it with '{}'", mark == '[' ? ']' : '}'),
                   .shown = quoted_lines(lines, line)};
}

}  // namespace

std::string quoted_lines(const std::vector<std::string>& lines, int line) {
  std::string text;
  for (int at = std::max(line - 1, 1); at <= line && at <= static_cast<int>(lines.size()); ++at) {
    text += fmt::format("{}line {}: '{}'", text.empty() ? "" : ", ", at,
                        printable(lines[static_cast<size_t>(at - 1)].substr(0, kMostShown)));
  }
  return text;
}

std::vector<std::string> yaml_lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r') {
      lines.emplace_back();
    } else {
      lines.back() += text[i];
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

std::optional<YamlFault> unclosed_quote(const std::vector<std::string>& lines, int last) {
  int begun = 0;  // the line, from 1, of a quote that is open
  char quote = 0;
  bool is_broken = false;
  for (size_t i = 0; i < lines.size() && !is_broken; ++i) {
    const std::string_view line = lines[i];
    const size_t at = begun > 0 ? 0 : mark_of_value(line, "\"'");
    if (at == std::string_view::npos) continue;
    if (begun == 0) quote = line[at];
    const size_t end = behind_quote(line, begun > 0 ? 0 : at + 1, quote);
    if (end == std::string_view::npos) {
      if (begun == 0) begun = static_cast<int>(i) + 1;
      continue;
    }
    const std::string_view rest = without_indentation(line.substr(end));
    is_broken = begun > 0 && !rest.empty() && rest[0] != '#';
    if (!is_broken) begun = 0;
  }
  if (begun == 0 || begun > last) return std::nullopt;
  return YamlFault{.line = begun,
                   .cause = fmt::format("the {} in it is not closed", quote),
                   .hint = fmt::format("close it with {}", quote),
                   .shown = quoted_lines(lines, begun)};
}

std::vector<YamlConflict> yaml_conflicts(const std::vector<std::string>& lines) {
  std::vector<YamlConflict> conflicts;
  bool is_open = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!is_conflict_mark(lines[i])) continue;
    if (lines[i][0] == '<') {
      if (is_open) return {};
      conflicts.push_back({.begin = i, .end = i + 1});
      is_open = true;
    } else if (lines[i][0] == '>') {
      if (!is_open) return {};
      conflicts.back().end = i + 1;
      is_open = false;
    }
  }
  return is_open ? std::vector<YamlConflict>() : conflicts;
}

int conflict_line(const std::vector<std::string>& lines) {
  // "=======" alone may underline a comment's title, and stands within a block of text.
  const auto found = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return is_conflict_mark(line) && line[0] != '=';
  });
  return found == lines.end() ? 0 : static_cast<int>(found - lines.begin()) + 1;
}

YamlFault explain_yaml(const std::vector<std::string>& lines, int line,
                       const std::string& parser_message) {
  if (const int conflict = conflict_line(lines); conflict > 0) {
    return {.line = conflict,
            .cause = "conflict marks of git stand in it",
            .hint =
                "keep one of the two versions, and remove the lines that begin with <<<<<<<, "
                "======= and >>>>>>>",
            .shown = quoted_lines(lines, conflict)};
  }
  const int last = std::clamp(line, 1, std::max(static_cast<int>(lines.size()), 1));
  YamlFault fault{
      .line = last, .cause = parser_message, .hint = "", .shown = quoted_lines(lines, last)};
  for (int at = last; at >= std::max(last - 1, 1); --at) {
    const std::string_view text =
        lines.empty() ? "" : std::string_view(lines[static_cast<size_t>(at - 1)]);
    if (is_comment(text)) continue;
    if (const auto cause = cause_in(text)) {
      fault = {
          .line = at, .cause = cause->cause, .hint = cause->hint, .shown = quoted_lines(lines, at)};
      return fault;
    }
  }
  if (lines.empty()) return fault;
  if (const auto bracket = open_bracket(lines, last)) return *bracket;
  if (const auto open = unclosed_quote(lines, last)) return *open;
  for (int at = last; at >= std::max(last - 1, 2); --at) {
    if (!is_folded(lines[static_cast<size_t>(at - 2)], lines[static_cast<size_t>(at - 1)]))
      continue;
    return {.line = at,
            .cause = "a path seems to be folded over two lines",
            .hint = "write it on one line",
            .shown = quoted_lines(lines, at)};
  }
  return broken_item(lines, last).value_or(fault);
}

std::vector<YamlBlock> yaml_blocks(const std::vector<std::string>& lines) {
  std::vector<YamlBlock> blocks;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (!begins_key(line)) continue;
    if (!blocks.empty()) blocks.back().end = i;
    const size_t colon = line.find(':');
    blocks.push_back({.key = std::string(line.substr(0, colon)), .begin = i, .end = lines.size()});
  }
  return blocks;
}

}  // namespace posse
