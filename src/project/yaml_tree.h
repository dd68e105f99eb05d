/// YAML files as plain trees, read within bounds: configurations come from strangers.
#pragma once

#include <cstdint>
#include <filesystem>
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
  int line = 0;                  ///< where it starts, from 1
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

/// Parses the first document of a file; an empty file is null.
/// @throws Error(not_found, io); Error(bad_file), naming file and line, if it is not UTF-8 or not
///         YAML, has a NUL byte or a key that is not text, or exceeds the limits.
YamlValue read_yaml(const std::filesystem::path& path, const YamlLimits& limits = {});

/// The same for text held in memory. @param name  for messages.
YamlValue parse_yaml(const std::string& text, const std::string& name,
                     const YamlLimits& limits = {});

}  // namespace posse
