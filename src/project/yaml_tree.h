/// Reads YAML files as plain trees, within limits of size: configurations come from strangers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

struct YamlEntry;

/// One value. Scalars keep the text as written ("yes", "1.0", "007"); what it means is the caller's
/// business. Tags such as !!python/tuple are ignored; aliases are replaced by what they stand for.
struct YamlValue {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;              ///< of a scalar
  bool quoted = false;           ///< a scalar in quotes or a block: never a number, truth value ...
  int line = 0;                  ///< where it starts, from 1; 0 where that is not known
  std::vector<YamlValue> items;  ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map, in the file's order

  bool is_null() const { return kind == Kind::null; }
  /// Value of a key of a map; the last if the key comes several times (as PyYAML reads it), nullptr
  /// if there is none or this is no map.
  const YamlValue* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  YamlValue value;
};

/// Limits; DeepLabCut's configurations stay far below.
struct YamlLimits {
  uint64_t file_bytes = uint64_t{4} << 20;
  int depth = 60;                            ///< lists in maps in lists ...
  int64_t values = 500'000;                  ///< after aliases are replaced
  uint64_t text_bytes = uint64_t{16} << 20;  ///< the same
};

/// Parses the first document of a file; comments alone are null.
/// @throws Error(not_found, io); Error(bad_file), naming file and line, with the line, the one
///         before it and the cause where it is known, if it is empty, not UTF-8 or not YAML, has a
///         NUL byte or a key that is not text, or exceeds the limits.
YamlValue read_yaml(const std::filesystem::path& path, const YamlLimits& limits = {});

/// The same for text held in memory, which may be empty. @param name  for messages.
YamlValue parse_yaml(const std::string& text, const std::string& name,
                     const YamlLimits& limits = {});

/// A configuration of which not everything is needed.
struct YamlFile {
  YamlValue root;
  std::vector<std::string> warnings;  ///< what was left out or guessed, a sentence each
};

/// Reads a file of which only the keys `needed` must be sound.
///
/// Where it is not YAML within another top-level key, that key is left out. Bytes that are not
/// UTF-8 are read as Windows-1252 in comments and in keys that are not needed. Both with a warning.
/// @throws Error as read_yaml()
YamlFile read_yaml(const std::filesystem::path& path, std::span<const std::string_view> needed,
                   const YamlLimits& limits = {});
YamlFile parse_yaml(const std::string& text, const std::string& name,
                    std::span<const std::string_view> needed, const YamlLimits& limits = {});

}  // namespace posse
