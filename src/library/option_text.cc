#include "library/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "table_jobs/smooth_inputs.h"

namespace posse {
namespace {

/// A number that is all of the text.
template <class Number>
Number parsed(const char* name, const std::string& value, const char* expected) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size()) return number;
  throw Error(ErrorKind::usage,
              fmt::format("option {} is '{}', must be {}", name, printable(value), expected));
}

}  // namespace

std::vector<std::string> lines_of(const char* text) {
  std::vector<std::string> lines;
  std::istringstream stream(text == nullptr ? "" : text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

OptionText::OptionText(const char* text) {
  for (const std::string& line : lines_of(text)) {
    const size_t equals = line.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("option '{}' is not of the form name=value", printable(line)),
                  {.hint = "one option a line, as threads=2; a switch is name=on"});
    }
    given_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
}

void OptionText::operator()(const char* name, std::vector<double>& field, const char*,
                            const char*) const {
  const std::vector<std::string> values = all(name);
  if (values.empty()) return;
  field.clear();
  for (const std::string& value : values) field.push_back(number_of(name, value));
}

void OptionText::operator()(const char* name, std::vector<FrameRange>& field, const char*,
                            const char*) const {
  if (const auto values = all(name); !values.empty()) field = parse_tuning_frames(values);
}

void OptionText::operator()(const char* name, std::vector<std::vector<size_t>>& field, const char*,
                            const char*) const {
  if (const auto value = last(name)) field = parse_blocks(*value);
}

void OptionText::finish() const {
  for (const auto& [name, value] : given_) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const std::vector<std::string> nearest = nearest_names(name, known_);
    throw Error(ErrorKind::usage, fmt::format("there is no option '{}' here", printable(name)),
                {.have = nearest.empty() ? list_names(known_, 60) : "",
                 .hint = nearest.empty() ? "" : "did you mean " + list_names(nearest) + "?"});
  }
}

std::vector<std::string> OptionText::all(const char* name) const {
  known_.emplace_back(name);
  std::vector<std::string> values;
  for (const auto& [given, value] : given_) {
    if (given == name) values.push_back(value);
  }
  return values;
}

std::optional<std::string> OptionText::last(const char* name) const {
  std::vector<std::string> values = all(name);
  if (values.empty()) return std::nullopt;
  return std::move(values.back());
}

int OptionText::count_of(const char* name, const std::string& value) {
  const int number = parsed<int>(name, value, "a whole number");
  if (number >= 0) return number;
  throw Error(ErrorKind::usage, fmt::format("option {} is {}, must not be negative", name, number));
}

double OptionText::number_of(const char* name, const std::string& value) {
  return parsed<double>(name, value, "a number");
}

bool OptionText::switch_of(const char* name, const std::string& value) {
  if (value == "on") return true;
  if (value == "off") return false;
  throw Error(ErrorKind::usage,
              fmt::format("option {} is '{}', must be on or off", name, printable(value)));
}

}  // namespace posse
