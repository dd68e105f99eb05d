#include "project/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/utf16.h"
#include "project/yaml_faults.h"

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

[[noreturn]] void fail_whole(const std::string& name, const std::string& what,
                             const std::string& hint) {
  throw Error(ErrorKind::bad_file, fmt::format("{}: {}", name, what), {.hint = hint});
}

/// Files that are no text, or not to their end.
void refuse_other_bytes(const std::string& text, const std::string& name,
                        const YamlLimits& limits) {
  if (text.size() > limits.file_bytes) {
    fail_whole(
        name, fmt::format("has {} bytes, at most {} are read", text.size(), limits.file_bytes), "");
  }
  if (const auto encoding = utf16_encoding(text); !encoding.empty()) {
    fail_whole(
        name,
        fmt::format("is UTF-16 text{}, expected UTF-8",
                    encoding == "UTF-16" ? "" : " without a mark that says so"),
        fmt::format("save it with encoding UTF-8, or: iconv -f {} -t UTF-8 FILE > NEW", encoding));
  }
  const size_t nul = text.find('\0');
  if (nul == std::string::npos) return;
  if (text.find_first_not_of('\0') == std::string::npos) {
    fail_whole(name,
               fmt::format("holds only NUL bytes ({}), as a crash or a full disk leaves them",
                           text.size()),
               "take the file from a copy");
  }
  if (text.find_first_not_of('\0', nul) == std::string::npos) {
    fail_whole(name,
               fmt::format("ends in {} NUL bytes, as a crash or a full disk leaves them",
                           text.size() - nul),
               "take the file from a copy; if nothing is missing before them: tr -d '\\0' < FILE > "
               "NEW");
  }
  fail_whole(name, "is not a text file: has NUL bytes", "");
}

/// Brackets in quotes and comments count too; no real file comes near.
void check_brackets(const std::vector<std::string>& lines, const std::string& name,
                    const YamlLimits& limits) {
  int brackets = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const char c : lines[i]) {
      if (c == '[' || c == '{') ++brackets;
      if ((c == ']' || c == '}') && brackets > 0) --brackets;
    }
    if (brackets > 4 * limits.depth) {
      fail(name, static_cast<int>(i) + 1,
           fmt::format("more than {} open brackets", 4 * limits.depth));
    }
  }
}

/// Windows-1252 as UTF-8; its five bytes without a character become question marks.
std::string utf8_of_windows_1252(const std::string& line) {
  static constexpr std::array<uint16_t, 32> kUpper = {
      0x20AC, '?',    0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
      0x2039, 0x0152, '?',    0x017D, '?',    '?',    0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
      0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, '?',    0x017E, 0x0178};
  std::string text;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const uint32_t code = byte >= 0x80 && byte < 0xA0 ? kUpper[byte - 0x80] : byte;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xE0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

/// A file's lines, and the keys that may be left out of it.
class LenientParser {
 public:
  /// @param needed  nullptr: everything is
  LenientParser(const std::string& text, const std::string& name, const YamlLimits& limits,
                const std::span<const std::string_view>* needed)
      : name_(name), limits_(limits), needed_(needed), lines_(yaml_lines(text)) {
    check_brackets(lines_, name, limits);
    blocks_ = yaml_blocks(lines_);
    decode_lines();
    original_ = lines_;
  }

  YamlFile parse() {
    YamlFile file;
    leave_out_conflicts();
    const std::optional<YamlFault> first = try_parse(file.root);
    std::optional<YamlFault> fault = first;
    if (const int conflict = conflict_line(lines_); conflict > 0 && needed_ != nullptr) {
      fault = explain_yaml(lines_, conflict, "");
    } else {
      for (int round = 0; fault && round < kMostLeftOut; ++round) {
        const std::optional<size_t> block = block_to_leave_out(*fault);
        if (!block) break;
        leave_out(*block, *fault);
        fault = try_parse(file.root);
      }
      // What is left must be keys with values, else the fault was not in what was left out.
      if (first && file.root.kind != YamlValue::Kind::map) fault = first;
    }
    if (fault) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{} line {}: is not YAML: {}", name_, fault->line, fault->cause),
                  {.have = fault->shown, .hint = fault->hint});
    }
    file.warnings = std::move(warnings_);
    return file;
  }

 private:
  static constexpr int kMostLeftOut = 16;

  bool is_needed(const std::string& key) const {
    return needed_ == nullptr || std::find(needed_->begin(), needed_->end(), key) != needed_->end();
  }

  /// The block that holds a line, counted from 0; nothing above the first key.
  std::optional<size_t> block_of(size_t line) const {
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (line >= blocks_[i].begin && line < blocks_[i].end) return i;
    }
    return std::nullopt;
  }

  void decode_lines() {
    std::vector<std::string> decoded;
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (is_valid_utf8(lines_[i])) continue;
      const size_t comment = lines_[i].find('#');
      const bool is_in_comment = comment != std::string::npos &&
                                 is_valid_utf8(std::string_view(lines_[i]).substr(0, comment));
      const std::optional<size_t> block = block_of(i);
      const bool is_harmless = is_in_comment || (block && !is_needed(blocks_[*block].key));
      if (needed_ == nullptr || !is_harmless) {
        throw Error(ErrorKind::bad_file,
                    fmt::format("{} line {}: is not UTF-8: '{}'", name_, i + 1,
                                printable(lines_[i].substr(0, 80))),
                    {.hint = "save the file with encoding UTF-8"});
      }
      decoded.push_back(std::to_string(i + 1));
      lines_[i] = utf8_of_windows_1252(lines_[i]);
    }
    if (decoded.empty()) return;
    warnings_.push_back(
        fmt::format("line {}: is not UTF-8; read as Windows-1252", list_names(decoded)));
  }

  std::optional<YamlFault> try_parse(YamlValue& root) const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    TreeBuilder builder(name_, limits_);
    try {
      std::istringstream stream(text);
      YAML::Parser parser(stream);
      parser.HandleNextDocument(builder);
    } catch (const YAML::Exception& error) {
      YamlFault fault = explain_yaml(lines_, error.mark.line + 1, error.msg);
      fault.shown = quoted_lines(original_, fault.line);
      return fault;
    }
    root = builder.take();
    return swallowed_keys(root);
  }

  /// The parser takes the file's end for a quote's: then the keys behind the quote are in its text.
  std::optional<YamlFault> swallowed_keys(const YamlValue& root) const {
    auto fault = unclosed_quote(lines_, static_cast<int>(lines_.size()));
    const auto is_swallowed = [&](const YamlBlock& block) {
      return static_cast<int>(block.begin) >= fault->line && !lines_[block.begin].empty() &&
             root.find(block.key) == nullptr;
    };
    if (!fault || !std::any_of(blocks_.begin(), blocks_.end(), is_swallowed)) return std::nullopt;
    fault->shown = quoted_lines(original_, fault->line);
    return fault;
  }

  /// Where the parser stopped, or just before: a value that is not closed is noticed on the next
  /// key. Else any one without which the file can be read.
  std::optional<size_t> block_to_leave_out(const YamlFault& fault) {
    const auto can_go = [&](size_t block) {
      return !is_needed(blocks_[block].key) && !is_left_out(block);
    };
    const auto here = block_of(static_cast<size_t>(fault.line) - 1);
    if (here && can_go(*here)) return here;
    const bool is_known = !fault.hint.empty();
    if (here && is_known && is_needed(blocks_[*here].key)) return std::nullopt;
    if (here && *here > 0 && can_go(*here - 1) && is_readable_without(*here - 1)) return *here - 1;
    for (size_t i = 0; i < std::min<size_t>(blocks_.size(), 200); ++i) {
      if (can_go(i) && is_readable_without(i)) return i;
    }
    return std::nullopt;
  }

  /// The key that the whole conflict lies in; nothing if it is about keys, or of one that is
  /// needed.
  std::optional<size_t> block_around(const YamlConflict& conflict) const {
    const std::optional<size_t> block = block_of(conflict.begin);
    const bool is_inside = block && conflict.end <= blocks_[*block].end;
    return is_inside && !is_needed(blocks_[*block].key) ? block : std::nullopt;
  }

  /// Conflicts inside a key that nothing needs cost that key; others are told as what they are.
  void leave_out_conflicts() {
    if (needed_ == nullptr) return;
    for (const YamlConflict& conflict : yaml_conflicts(lines_)) {
      const auto block = block_around(conflict);
      if (!block || is_left_out(*block)) continue;
      const int line = static_cast<int>(conflict.begin) + 1;
      leave_out(*block, {.line = line,
                         .cause = "conflict marks of git stand in it",
                         .hint = "",
                         .shown = quoted_lines(lines_, line)});
    }
  }

  bool is_left_out(size_t block) const { return lines_[blocks_[block].begin].empty(); }

  bool is_readable_without(size_t block) {
    const std::vector<std::string> kept = lines_;
    blank(block);
    YamlValue root;
    const bool is_readable = !try_parse(root) && root.kind == YamlValue::Kind::map;
    lines_ = kept;
    return is_readable;
  }

  void blank(size_t block) {
    for (size_t i = blocks_[block].begin; i < blocks_[block].end; ++i) lines_[i].clear();
  }

  void leave_out(size_t block, const YamlFault& fault) {
    warnings_.push_back(fmt::format("line {}: {} ({}): '{}' is left out, nothing here needs it",
                                    fault.line, fault.cause, fault.shown,
                                    printable(blocks_[block].key)));
    blank(block);
  }

  const std::string& name_;
  const YamlLimits& limits_;
  const std::span<const std::string_view>* needed_;
  std::vector<std::string> lines_;
  std::vector<std::string> original_;  ///< lines_ before anything was left out
  std::vector<YamlBlock> blocks_;
  std::vector<std::string> warnings_;
};

YamlFile parse(const std::string& text, const std::string& name, const YamlLimits& limits,
               const std::span<const std::string_view>* needed) {
  refuse_other_bytes(text, name, limits);
  return LenientParser(text, name, limits, needed).parse();
}

std::string read_text(const std::filesystem::path& path, const YamlLimits& limits) {
  std::string text = read_file(path, limits.file_bytes);
  if (!text.empty()) return text;
  fail_whole(printable(path.string()), "has 0 bytes",
             "a full disk or a copy that was stopped leaves such files: take it from a copy");
}

}  // namespace

const YamlValue* YamlValue::find(std::string_view key) const {
  const auto it = std::find_if(entries.rbegin(), entries.rend(),
                               [&](const YamlEntry& entry) { return entry.key == key; });
  return it == entries.rend() ? nullptr : &it->value;
}

YamlValue parse_yaml(const std::string& text, const std::string& name, const YamlLimits& limits) {
  return parse(text, name, limits, nullptr).root;
}

YamlFile parse_yaml(const std::string& text, const std::string& name,
                    std::span<const std::string_view> needed, const YamlLimits& limits) {
  return parse(text, name, limits, &needed);
}

YamlValue read_yaml(const std::filesystem::path& path, const YamlLimits& limits) {
  return parse_yaml(read_text(path, limits), printable(path.string()), limits);
}

YamlFile read_yaml(const std::filesystem::path& path, std::span<const std::string_view> needed,
                   const YamlLimits& limits) {
  return parse_yaml(read_text(path, limits), printable(path.string()), needed, limits);
}

}  // namespace posse
