/// Reads options from text, one "name=value" a line, into options structs by their own describe():
/// names and meanings are those of the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/frame_range.h"

namespace posse {

/// The lines of a text, without empty ones; nullptr is an empty text.
std::vector<std::string> lines_of(const char* text);

/// Visitor for describe(): takes the value of each field, if it was given. A list has a line for
/// each entry. One reader may go through several structs.
class OptionText {
 public:
  /// @throws Error(usage) for a line without "="
  explicit OptionText(const char* text);

  void operator()(const char* name, std::string& field, const char*, const char*) const {
    if (const auto value = last(name)) field = *value;
  }
  void operator()(const char* name, std::filesystem::path& field, const char*, const char*) const {
    if (const auto value = last(name)) field = *value;
  }
  void operator()(const char* name, int& field, const char*, const char*) const {
    if (const auto value = last(name)) field = count_of(name, *value);
  }
  void operator()(const char* name, std::optional<int>& field, const char*, const char*) const {
    if (const auto value = last(name)) field = count_of(name, *value);
  }
  void operator()(const char* name, double& field, const char*, const char*) const {
    if (const auto value = last(name)) field = number_of(name, *value);
  }
  void operator()(const char* name, std::optional<double>& field, const char*, const char*) const {
    if (const auto value = last(name)) field = number_of(name, *value);
  }
  void operator()(const char* name, bool& field, const char*, const char*) const {
    if (const auto value = last(name)) field = switch_of(name, *value);
  }
  void operator()(const char* name, std::vector<std::string>& field, const char*,
                  const char*) const {
    if (const auto values = all(name); !values.empty()) field = values;
  }
  void operator()(const char* name, std::vector<std::filesystem::path>& field, const char*,
                  const char*) const {
    if (const auto values = all(name); !values.empty()) field = {values.begin(), values.end()};
  }
  void operator()(const char* name, std::vector<double>& field, const char*, const char*) const;
  void operator()(const char* name, std::vector<FrameRange>& field, const char*, const char*) const;
  /// "0,1;2,3".
  void operator()(const char* name, std::vector<std::vector<size_t>>& field, const char*,
                  const char*) const;
  /// What is written as a word: a FrameRange, a BatchNormChoice.
  template <class Word>
  requires requires { Word::parse(std::string_view()); }
  void operator()(const char* name, Word& field, const char*, const char*) const {
    if (const auto value = last(name)) field = Word::parse(*value);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const char*, const char*) const {
    if (const auto value = last(name)) field = enum_of<Enum>(name, *value);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, std::optional<Enum>& field, const char*, const char*) const {
    if (const auto value = last(name)) field = enum_of<Enum>(name, *value);
  }

  /// @throws Error(usage) for an option that no field took, with those that were probably meant
  void finish() const;

 private:
  /// Those given for this name, in order.
  std::vector<std::string> all(const char* name) const;
  std::optional<std::string> last(const char* name) const;
  static int count_of(const char* name, const std::string& value);
  static double number_of(const char* name, const std::string& value);
  static bool switch_of(const char* name, const std::string& value);

  std::vector<std::pair<std::string, std::string>> given_;
  mutable std::vector<std::string> known_;  ///< asked for so far; describe() wants a const visitor
};

/// A struct from its text. @throws Error(usage)
template <class Options>
Options options_of(const char* text) {
  Options options;
  const OptionText reader(text);
  describe(options, reader);
  reader.finish();
  return options;
}

}  // namespace posse
