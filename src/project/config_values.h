/// Reads typed values out of YAML maps, with errors that name file, line, key, found and expected.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "project/yaml_tree.h"

namespace posse {

/// One YAML map of a file. A key that is absent or null gives the default.
class ConfigMap {
 public:
  /// @throws Error(bad_file) if `root` is not a map.
  ConfigMap(const YamlValue& root, std::string file);

  const YamlValue* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }

  std::string text(std::string_view key, std::string_view otherwise = "") const;
  int integer(std::string_view key, int otherwise) const;
  double number(std::string_view key, double otherwise) const;
  /// true/false, yes/no, on/off in any case, 1/0.
  bool truth(std::string_view key, bool otherwise) const;
  std::vector<double> numbers(std::string_view key) const;
  /// The same for values that nothing depends on: one of another kind gives the default and a
  /// warning.
  std::string text_or(std::string_view key, std::string_view otherwise,
                      std::vector<std::string>& warnings) const;
  double number_or(std::string_view key, double otherwise,
                   std::vector<std::string>& warnings) const;
  /// A whole number of 1 or more.
  int count_or(std::string_view key, int otherwise, std::vector<std::string>& warnings) const;
  /// Names: not empty, each once, without control characters.
  std::vector<std::string> names(std::string_view key) const;

  [[noreturn]] void fail(const YamlValue& value, const std::string& what) const;
  [[noreturn]] void wrong(std::string_view key, const YamlValue& value,
                          std::string_view expected) const;

 private:
  const YamlValue& root_;
  std::string file_;
};

/// Whole text as a number; nullopt if it is none. "1.", ".5", "1e3" are numbers, "nan" is not.
std::optional<double> number_of(std::string_view text);
std::optional<long long> integer_of(std::string_view text);

}  // namespace posse
