#include "project/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace posse {
namespace {

[[noreturn]] void fail(const std::string& name, int line, const std::string& what) {
  throw Error(ErrorKind::bad_file, fmt::format("{} line {}: {}", name, line, what));
}

/// Builds the tree from the parser's events; counts what it makes.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, const YamlLimits& limits) : name_(name), limits_(limits) {}

  YamlValue take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_leaf({.kind = YamlValue::Kind::null, .line = mark.line + 1}, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add_leaf({.kind = YamlValue::Kind::scalar,
              .text = value,
              .quoted = tag == "!",
              .line = mark.line + 1},
             anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchored_.find(anchor);
    if (known == anchored_.end()) {
      fail(name_, mark.line + 1, "an alias stands inside what it stands for");
    }
    count(known->second, mark.line + 1);
    place(YamlValue(known->second));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open({.kind = YamlValue::Kind::list, .line = mark.line + 1}, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open({.kind = YamlValue::Kind::map, .line = mark.line + 1}, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    YamlValue value;
    YAML::anchor_t anchor = 0;
    std::string key;
    bool has_key = false;
  };

  void add_leaf(YamlValue value, YAML::anchor_t anchor) {
    count(value, value.line);
    if (anchor != 0) anchored_[anchor] = value;
    place(std::move(value));
  }

  void open(YamlValue value, YAML::anchor_t anchor) {
    if (static_cast<int>(levels_.size()) >= limits_.depth) {
      fail(name_, value.line, fmt::format("values nested deeper than {}", limits_.depth));
    }
    spend(1, 0, value.line);
    levels_.push_back({.value = std::move(value), .anchor = anchor});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor != 0) {
      count(level.value, level.value.line);
      anchored_[level.anchor] = level.value;
    }
    place(std::move(level.value));
  }

  /// Puts a finished value where it belongs: into the open list or map, or at the root.
  void place(YamlValue value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (level.value.kind == YamlValue::Kind::list) {
      level.value.items.push_back(std::move(value));
    } else if (level.has_key) {
      level.value.entries.push_back({std::move(level.key), std::move(value)});
      level.has_key = false;
    } else {
      if (value.kind == YamlValue::Kind::list || value.kind == YamlValue::Kind::map) {
        fail(name_, value.line, "a key that is not text");
      }
      level.key = std::move(value.text);
      level.has_key = true;
    }
  }

  void count(const YamlValue& value, int line) {
    spend(1, value.text.size(), line);
    for (const YamlValue& item : value.items) count(item, line);
    for (const YamlEntry& entry : value.entries) {
      spend(0, entry.key.size(), line);
      count(entry.value, line);
    }
  }

  void spend(int64_t values, uint64_t bytes, int line) {
    num_values_ += values;
    text_bytes_ += bytes;
    if (num_values_ > limits_.values) {
      fail(name_, line, fmt::format("more than {} values", limits_.values));
    }
    if (text_bytes_ > limits_.text_bytes) {
      fail(name_, line, fmt::format("more than {} bytes of text", limits_.text_bytes));
    }
  }

  const std::string& name_;
  const YamlLimits& limits_;
  YamlValue root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlValue> anchored_;
  int64_t num_values_ = 0;
  uint64_t text_bytes_ = 0;
};

/// What the parser would choke on, or take very long over, is refused before it.
void check_text(const std::string& text, const std::string& name, const YamlLimits& limits) {
  if (text.size() > limits.file_bytes) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has {} bytes, at most {} are read", name,
                                                 text.size(), limits.file_bytes));
  }
  if (text.find('\0') != std::string::npos) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is not a text file: has NUL bytes", name));
  }
  std::istringstream lines(text);
  std::string line;
  int number = 0;
  int brackets = 0;
  while (std::getline(lines, line)) {
    ++number;
    if (!is_valid_utf8(line)) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{} line {}: is not UTF-8: '{}'", name, number,
                              printable(line.substr(0, 80))),
                  {.hint = "save the file with encoding UTF-8"});
    }
    for (const char c : line) {
      if (c == '[' || c == '{') ++brackets;
      if ((c == ']' || c == '}') && brackets > 0) --brackets;
    }
    // Brackets in quotes and comments count too; no real file comes near.
    if (brackets > 4 * limits.depth) {
      fail(name, number, fmt::format("more than {} open brackets", 4 * limits.depth));
    }
  }
}

}  // namespace

const YamlValue* YamlValue::find(std::string_view key) const {
  const auto it = std::find_if(entries.rbegin(), entries.rend(),
                               [&](const YamlEntry& entry) { return entry.key == key; });
  return it == entries.rend() ? nullptr : &it->value;
}

YamlValue parse_yaml(const std::string& text, const std::string& name, const YamlLimits& limits) {
  check_text(text, name, limits);
  TreeBuilder builder(name, limits);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{} line {}: is not YAML: {}", name, error.mark.line + 1, error.msg));
  }
  return builder.take();
}

YamlValue read_yaml(const std::filesystem::path& path, const YamlLimits& limits) {
  return parse_yaml(read_file(path, limits.file_bytes), printable(path.string()), limits);
}

}  // namespace posse
