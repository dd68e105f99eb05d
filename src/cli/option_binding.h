/// Turns a described options struct (describe() in run/options.h and others) into command-line
/// options.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "base/enum_names.h"
#include "base/frame_range.h"

namespace posse {

/// Without a name, so that help shows the placeholder alone.
inline const CLI::Validator kNotNegative(
    [](std::string& text) {
      const bool negative = text.starts_with('-');
      return negative ? fmt::format("{} is negative; 0 or more is wanted", text) : std::string();
    },
    "");

/// Visitor for describe(): one --option per field. The struct must outlive the parse.
class OptionBinder {
 public:
  explicit OptionBinder(CLI::App& verb, std::string group)
      : verb_(verb), group_(std::move(group)) {}

  void operator()(const char* name, std::string& field, const char* placeholder,
                  const char* help) const {
    finish(verb_.add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, int& field, const char* placeholder, const char* help) const {
    finish(verb_.add_option(dashed(name), field, help)->check(kNotNegative), placeholder);
  }
  void operator()(const char* name, std::optional<int>& field, const char* placeholder,
                  const char* help) const {
    finish(verb_.add_option(dashed(name), field, help)->check(kNotNegative), placeholder);
  }
  /// A switch that is off by default is a flag; one that is on takes "on" or "off".
  void operator()(const char* name, bool& field, const char* placeholder, const char* help) const {
    if (*placeholder == '\0') {
      verb_.add_flag(dashed(name), field, help)->group(group_);
      return;
    }
    finish(verb_.add_option_function<std::string>(
               dashed(name),
               [&field, name](const std::string& text) {
                 if (text != "on" && text != "off") {
                   throw CLI::ValidationError(dashed(name),
                                              fmt::format("'{}' is neither on nor off", text));
                 }
                 field = text == "on";
               },
               help),
           placeholder);
  }
  void operator()(const char* name, FrameRange& field, const char* placeholder,
                  const char* help) const {
    finish(verb_.add_option_function<std::string>(
               dashed(name), [&field](const std::string& text) { field = FrameRange::parse(text); },
               help),
           placeholder);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const char*, const char* help) const {
    std::string words;
    for (const auto& [word, value] : EnumNames<Enum>::kNames)
      words += (words.empty() ? "" : "|") + std::string(word);
    finish(
        verb_.add_option_function<std::string>(
            dashed(name),
            [&field, name](const std::string& text) { field = enum_of<Enum>(dashed(name), text); },
            fmt::format("{} (default {})", help, name_of(field))),
        words.c_str());
  }

 private:
  static std::string dashed(const char* name) { return std::string("--") + name; }
  void finish(CLI::Option* option, const char* placeholder) const {
    option->type_name(placeholder)->group(group_);
  }

  CLI::App& verb_;
  std::string group_;
};

}  // namespace posse
