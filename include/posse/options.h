/// Options by name, as `posse VERB --help` lists them, without dashes.
///
///     const posse::Options options = {{"threads", "2"}, {"consensus", "median"}};
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "posse/error.h"

namespace posse {
inline namespace v1 {

/// Name and value; a switch is "on" or "off", a list has an entry for each of its values.
using Options = std::vector<std::pair<std::string, std::string>>;

namespace detail {

/// @throws Error for a text of several lines, which would be taken for several entries
inline std::string line_of(const std::string& text) {
  if (text.find('\n') != std::string::npos)
    throw Error(POSSE_USAGE, "'" + text + "' holds a line break");
  return text + "\n";
}

inline std::string text_of(const Options& options) {
  std::string text;
  for (const auto& option : options) text += line_of(option.first + "=" + option.second);
  return text;
}

inline std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line_of(line);
  return text;
}

inline std::vector<std::string> lines_of(const char* text) {
  std::vector<std::string> lines;
  std::string line;
  for (; text != nullptr && *text != '\0'; ++text) {
    if (*text != '\n') {
      line += *text;
    } else {
      lines.push_back(std::move(line));
      line.clear();
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace detail
}  // namespace v1
}  // namespace posse
