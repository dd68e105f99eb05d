/// Turns a described options struct (describe() in run/options.h and others) into command-line
/// options.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/frame_range.h"
#include "cli/verb.h"

namespace posse {

/// Visitor for describe(): one --option per field. The struct must outlive the parse.
class OptionBinder {
 public:
  explicit OptionBinder(Verb verb, std::string group) : verb_(verb), group_(std::move(group)) {}

  void operator()(const char* name, std::string& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, int& field, const char* placeholder, const char* help) const {
    finish(verb().add_option(dashed(name), field, help).not_negative(), placeholder);
  }
  void operator()(const char* name, std::optional<int>& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help).not_negative(), placeholder);
  }
  void operator()(const char* name, double& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, std::optional<double>& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, std::filesystem::path& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, std::vector<std::string>& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, std::vector<std::filesystem::path>& field,
                  const char* placeholder, const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  void operator()(const char* name, std::vector<double>& field, const char* placeholder,
                  const char* help) const {
    finish(verb().add_option(dashed(name), field, help), placeholder);
  }
  /// Words, each as `--s-frames` has it.
  void operator()(const char* name, std::vector<FrameRange>& field, const char* placeholder,
                  const char* help) const;
  /// "0,1;2,3".
  void operator()(const char* name, std::vector<std::vector<size_t>>& field,
                  const char* placeholder, const char* help) const;
  /// A switch that is off by default is a flag; one that is on takes "on" or "off".
  void operator()(const char* name, bool& field, const char* placeholder, const char* help) const {
    if (*placeholder == '\0') {
      verb().add_flag(dashed(name), field, help).group(group_);
    } else {
      finish(verb().add_switch(dashed(name), field, help), placeholder);
    }
  }
  /// What is written as a word: a FrameRange, a BatchNormChoice.
  template <class Word>
  requires requires { Word::parse(std::string_view()); }
  void operator()(const char* name, Word& field, const char* placeholder, const char* help) const {
    finish(
        verb().add_word(
            dashed(name), [&field](const std::string& text) { field = Word::parse(text); }, help),
        placeholder);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const char*, const char* help) const {
    bind_enum<Enum>(name, field, fmt::format("{} (default {})", help, name_of(field)));
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, std::optional<Enum>& field, const char*,
                  const char* help) const {
    bind_enum<Enum>(name, field, help);
  }

 private:
  template <class Enum, class Field>
  void bind_enum(const char* name, Field& field, const std::string& help) const {
    std::string words;
    for (const auto& [word, value] : EnumNames<Enum>::kNames)
      words += (words.empty() ? "" : "|") + std::string(word);
    finish(
        verb().add_word(
            dashed(name),
            [&field, name](const std::string& text) { field = enum_of<Enum>(dashed(name), text); },
            help),
        words);
  }
  static std::string dashed(const char* name) { return std::string("--") + name; }
  Verb verb() const { return verb_; }
  void finish(VerbOption option, const std::string& placeholder) const {
    option.placeholder(placeholder).group(group_);
  }

  Verb verb_;
  std::string group_;
};

}  // namespace posse
