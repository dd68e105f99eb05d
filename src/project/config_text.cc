#include "project/config_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/paths.h"
#include "project/yaml_tree.h"

namespace posse {
namespace {

constexpr std::string_view kSets = "video_sets";

struct Line {
  size_t begin = 0;
  size_t end = 0;        ///< of its text, without the line end
  size_t next = 0;       ///< where the next one begins
  size_t indent = 0;     ///< blanks
  bool is_text = false;  ///< neither blank nor a comment alone
};

std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  for (size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < text.size();) {
    Line line{.begin = at};
    const size_t feed = std::min(text.find('\n', at), text.size());
    line.next = std::min(feed + 1, text.size());
    line.end = feed > at && text[feed - 1] == '\r' ? feed - 1 : feed;
    const size_t first = std::min(text.find_first_not_of(' ', at), line.end);
    line.indent = first - at;
    line.is_text = first < line.end && text[first] != '#';
    lines.push_back(line);
    at = line.next;
  }
  return lines;
}

/// The most used line end.
std::string line_end_of(const std::string& text) {
  const auto feeds = std::count(text.begin(), text.end(), '\n');
  size_t windows = 0;
  for (size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at + 2))
    ++windows;
  return 2 * windows > static_cast<size_t>(feeds) ? "\r\n" : "\n";
}

bool is_plain_scalar(std::string_view key) {
  if (key.empty() || key.find(": ") != std::string_view::npos ||
      key.find(" #") != std::string_view::npos || key.back() == ':' || key.back() == ' ')
    return false;
  const char first = key.front();
  const bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return is_letter || first == '/' || (first == '.' && key.find('/') != std::string_view::npos);
}

std::string scalar(const std::string& key, bool in_flow) {
  const bool is_safe = !in_flow || key.find_first_of(",[]{}") == std::string::npos;
  if (is_plain_scalar(key) && is_safe) return key;
  std::string quoted = "'";
  for (const char c : key) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

/// Where the brace that closes the one at `open` stands; npos: nowhere.
size_t closing_brace(const std::string& text, size_t open) {
  int depth = 0;
  char quote = 0;
  for (size_t at = open; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == '\\' && quote == '"')
        ++at;
      else if (c == quote)
        quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at;
    }
  }
  return std::string::npos;
}

/// The entry at the end of a block.
std::string insert_in_block(const std::string& text, const std::vector<Line>& lines, size_t sets,
                            const std::string& key, const std::string& crop) {
  const std::string feed = line_end_of(text);
  size_t last = sets;
  size_t indent = 0;
  for (size_t i = sets + 1; i < lines.size(); ++i) {
    if (!lines[i].is_text) continue;
    if (lines[i].indent == 0) break;
    if (indent == 0) indent = lines[i].indent;
    last = i;
  }
  if (indent == 0) indent = 2;
  const std::string blanks(indent, ' ');
  const std::string entry =
      fmt::format("{0}{1}:{2}{0}{0}crop: {3}{2}", blanks, scalar(key, false), feed, crop);
  const bool ends_in_feed =
      text.compare(lines[last].end, 1, "\n") == 0 || text.compare(lines[last].end, 2, "\r\n") == 0;
  return text.substr(0, lines[last].next) + (ends_in_feed ? "" : feed) + entry +
         text.substr(lines[last].next);
}

std::string insert(const std::string& text, const std::string& key, const std::string& crop) {
  const std::vector<Line> lines = lines_of(text);
  size_t sets = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line(text.data() + lines[i].begin, lines[i].end - lines[i].begin);
    if (line.starts_with(kSets) &&
        line.substr(kSets.size()).find_first_not_of(' ') == line.substr(kSets.size()).find(':'))
      sets = i;
  }
  const std::string feed = line_end_of(text);
  if (sets == lines.size()) {
    const bool ends_in_feed = text.empty() || text.back() == '\n';
    return insert_in_block(
        text + (ends_in_feed ? "" : feed) + std::string(kSets) + ":" + feed,
        lines_of(text + (ends_in_feed ? "" : feed) + std::string(kSets) + ":" + feed), sets, key,
        crop);
  }
  const size_t colon = text.find(':', lines[sets].begin);
  const size_t value = text.find_first_not_of(' ', colon + 1);
  const bool has_value = value < lines[sets].end && text[value] != '#';
  if (!has_value) return insert_in_block(text, lines, sets, key, crop);
  if (text[value] != '{') {  // null, ~
    const std::string without = text.substr(0, colon + 1) + text.substr(lines[sets].end);
    return insert_in_block(without, lines_of(without), sets, key, crop);
  }
  const size_t close = closing_brace(text, value);
  if (close == std::string::npos) return text;
  const bool is_empty = text.find_first_not_of(" \r\n", value + 1) == close;
  const size_t behind = text.find_last_not_of(" \r\n", close - 1) + 1;  // of the last entry
  if (is_empty) {
    const std::string without = text.substr(0, colon + 1) + text.substr(close + 1);
    return insert_in_block(without, lines_of(without), sets, key, crop);
  }
  return text.substr(0, behind) + fmt::format(", {}: {{crop: '{}'}}", scalar(key, true), crop) +
         text.substr(behind);
}

bool same(const YamlValue& a, const YamlValue& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size())
    return false;
  for (size_t i = 0; i < a.items.size(); ++i)
    if (!same(a.items[i], b.items[i])) return false;
  for (size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key || !same(a.entries[i].value, b.entries[i].value))
      return false;
  }
  return true;
}

/// Whether `after` is `before` with this entry at the end of video_sets, and nothing else.
bool is_as_meant(const YamlValue& before, const YamlValue& after, const std::string& key,
                 const std::string& crop) {
  YamlValue rest = after;
  for (YamlEntry& entry : rest.entries) {
    if (entry.key != kSets) continue;
    if (entry.value.entries.empty() || entry.value.entries.back().key != key) return false;
    const YamlValue* box = entry.value.entries.back().value.find("crop");
    if (box == nullptr || box->text != crop) return false;
    entry.value.entries.pop_back();
    if (entry.value.entries.empty()) entry.value.kind = YamlValue::Kind::null;
  }
  YamlValue old = before;
  const bool had_sets = before.find(kSets) != nullptr;
  for (YamlEntry& entry : old.entries)
    if (entry.key == kSets && entry.value.entries.empty()) entry.value = YamlValue();
  if (!had_sets) old.entries.push_back({std::string(kSets), YamlValue()});
  return same(old, rest);
}

}  // namespace

std::string stem_of_written_path(std::string_view path) {
  const size_t slash = path.find_last_of("/\\");
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

std::string video_key(const std::vector<std::string>& keys, const std::filesystem::path& video) {
  const auto is_of_windows = [](const std::string& key) {
    return key.find('\\') != std::string::npos ||
           (key.size() > 2 && key[1] == ':' && key[2] == '/');
  };
  std::string own = absolute_path(video).string();
  if (keys.empty() || !std::all_of(keys.begin(), keys.end(), is_of_windows) || is_of_windows(own))
    return own;
  const std::string& last = keys.back();
  return last.substr(0, last.find_last_of("/\\") + 1) + video.filename().string();
}

std::string with_video_set(const std::string& text, const std::string& name, const std::string& key,
                           const std::string& crop) {
  const std::vector<std::string_view> needed = {kSets};
  const YamlValue before = parse_yaml(text, name, needed).root;
  std::string changed = insert(text, key, crop);
  try {
    if (is_as_meant(before, parse_yaml(changed, name, needed).root, key, crop)) return changed;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) throw;  // else it is no YAML any more: said below
  }
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: its video_sets are written in a way that is not understood well "
                          "enough to add a video",
                          name),
              {.hint = fmt::format("add it by hand: '{}' with crop: {}", key, crop)});
}

}  // namespace posse
