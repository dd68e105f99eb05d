#include "table_jobs/smooth_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr const char* kFramesHint = "write 0:1000 2000:3000, a number N for 0:N, or \"[(0,1000)]\"";

[[noreturn]] void refuse_frames(std::string_view word) {
  throw Error(ErrorKind::usage, fmt::format("--s-frames '{}' cannot be read", word),
              {.hint = kFramesHint});
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

/// "a,b" of eks: an end that is empty or None is left open.
FrameRange parse_pair(std::string_view pair, std::string_view word) {
  const size_t comma = pair.find(',');
  if (comma == std::string_view::npos) refuse_frames(word);
  const auto end = [&](std::string_view text) -> std::optional<int64_t> {
    if (text.empty() || text == "None") return std::nullopt;
    const auto number = whole_number(text);
    if (!number) refuse_frames(word);
    return number;
  };
  return {.start = end(pair.substr(0, comma)).value_or(0), .stop = end(pair.substr(comma + 1))};
}

/// "[(a,b),(c,d)]" or "(a,b)".
std::vector<FrameRange> parse_pairs(std::string text) {
  std::erase(text, ' ');
  std::string_view rest = text;
  const bool listed = rest.starts_with('[');
  if (listed && !rest.ends_with(']')) refuse_frames(text);
  if (listed) rest = rest.substr(1, rest.size() - 2);
  std::vector<FrameRange> ranges;
  while (!rest.empty()) {
    const size_t close = rest.find(')');
    if (!rest.starts_with('(') || close == std::string_view::npos) refuse_frames(text);
    ranges.push_back(parse_pair(rest.substr(1, close - 1), text));
    rest.remove_prefix(close + 1);
    if (rest.starts_with(",(")) rest.remove_prefix(1);
  }
  if (ranges.empty()) refuse_frames(text);
  return ranges;
}

/// Whether `name` stands in `text` anywhere but inside `longer`.
bool stands_outside(std::string_view text, std::string_view name, std::string_view longer) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    bool inside = false;
    for (size_t outer = text.find(longer); outer != std::string_view::npos;
         outer = text.find(longer, outer + 1)) {
      inside = inside || (outer <= at && at + name.size() <= outer + longer.size());
    }
    if (!inside) return true;
  }
  return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_upper(c) || is_lower(c); }
bool is_part_of_word(char c) { return is_digit(c) || is_letter(c); }

/// How clearly a file's name says a camera's, clearest last.
enum class Clarity { absent, part, word, called };

/// Whether "cam", "camera" or "view" ends the text, as a word: "rig_cam", "rig-Camera_".
bool ends_in_camera(std::string_view text) {
  if (!text.empty() && !is_part_of_word(text.back())) text.remove_suffix(1);
  for (const std::string_view word : {"cam", "camera", "view"}) {
    if (text.size() < word.size() || ascii_lower(text.substr(text.size() - word.size())) != word)
      continue;
    const size_t start = text.size() - word.size();
    // "flyCam" and "2Cam" begin a word too, "scam" does not
    const bool begins = start == 0 || !is_letter(text[start - 1]) ||
                        (is_lower(text[start - 1]) && is_upper(text[start]));
    if (begins) return true;
  }
  return false;
}

/// Whether only digits stand between `end` and the end of its word, and at least one does.
bool is_numbered(std::string_view text, size_t end) {
  size_t stop = end;
  while (stop < text.size() && is_digit(text[stop])) ++stop;
  return stop > end && (stop == text.size() || !is_part_of_word(text[stop]));
}

/// How the name stands at `at` in the text.
Clarity clarity_at(std::string_view text, size_t at, std::string_view name) {
  const size_t end = at + name.size();
  const char before = at == 0 ? '_' : text[at - 1];
  const char after = end == text.size() ? '_' : text[end];
  const bool is_number = std::ranges::all_of(name, is_digit);
  const bool ends = !is_part_of_word(after) || !is_part_of_word(name.back());
  if (ends && ends_in_camera(text.substr(0, at))) return Clarity::called;
  const bool begins = !is_part_of_word(before) || !is_part_of_word(name.front());
  if (begins && ends) return Clarity::word;
  if (is_number) return Clarity::absent;
  // "flyTop": a capital begins a word
  const bool begins_capital = begins || (is_lower(before) && is_upper(name.front()));
  const bool ends_capital = ends || (is_upper(after) && is_lower(name.back()));
  if (begins_capital && (ends_capital || is_numbered(text, end))) return Clarity::word;
  return name.size() > 1 ? Clarity::part : Clarity::absent;
}

Clarity clarity(std::string_view text, std::string_view name) {
  Clarity most = Clarity::absent;
  if (name.empty()) return most;
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1))
    most = std::max(most, clarity_at(text, at, name));
  return most;
}

/// "1" of "1=a/seed2.csv"; nothing where a file has that very name.
std::optional<std::string> camera_before(const fs::path& path) {
  const std::string text = path.string();
  const size_t equals = text.find('=');
  if (equals == 0 && !path_exists(path) && text.size() > 1 && path_exists(text.substr(1))) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: no camera's name stands before '='", printable(text)),
                {.hint = "write CAMERA=FILE, or FILE alone"});
  }
  const bool has_name = equals != std::string::npos && equals > 0 && equals + 1 < text.size() &&
                        text.find('/') > equals && !path_exists(path);
  return has_name ? std::optional(text.substr(0, equals)) : std::nullopt;
}

std::optional<size_t> camera_given(const fs::path& file, const std::vector<std::string>& cameras,
                                   const CamerasOfPaths& given) {
  for (const auto& [path, camera] : given) {
    if (path != file && path != file.parent_path() && path != file.parent_path() / "") continue;
    const auto found = std::find(cameras.begin(), cameras.end(), camera);
    if (found != cameras.end()) return static_cast<size_t>(found - cameras.begin());
  }
  return std::nullopt;
}

/// Cameras whose names a file's name says most clearly.
std::vector<size_t> cameras_of(const std::string& file, const std::vector<std::string>& cameras) {
  std::vector<size_t> fits;
  Clarity most = Clarity::part;
  for (size_t c = 0; c < cameras.size(); ++c) {
    const bool stands = std::ranges::all_of(cameras, [&](const std::string& other) {
      const bool longer = other.size() > cameras[c].size() &&
                          other.find(cameras[c]) != std::string::npos &&
                          file.find(other) != std::string::npos;
      return !longer || stands_outside(file, cameras[c], other);
    });
    const Clarity found = stands ? clarity(file, cameras[c]) : Clarity::absent;
    if (found < most || found == Clarity::absent) continue;
    if (found > most) fits.clear();
    most = found;
    fits.push_back(c);
  }
  return fits;
}

}  // namespace

std::vector<FrameRange> parse_tuning_frames(const std::vector<std::string>& words) {
  const auto holds_pair = [](const std::string& word) {
    return word.find('(') != std::string::npos;
  };
  if (std::ranges::any_of(words, holds_pair)) {
    return parse_pairs(fmt::format("{}", fmt::join(words, ",")));  // CLI11 splits "[a,b]" at commas
  }
  std::vector<FrameRange> ranges;
  for (const std::string& word : words) {
    if (word == "None") continue;  // all frames, as eks's help has it
    if (const auto count = whole_number(word)) {
      ranges.push_back({.start = 0, .stop = *count});
    } else {
      ranges.push_back(FrameRange::parse(word));
    }
  }
  return ranges;
}

std::vector<std::vector<size_t>> parse_blocks(const std::string& text) {
  std::vector<std::vector<size_t>> blocks;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(';', begin), text.size());
    blocks.emplace_back();
    for (const char* at = text.data() + begin; at < text.data() + end;) {
      size_t keypoint = 0;
      const auto [next, error] = std::from_chars(at, text.data() + end, keypoint);
      if (error != std::errc() || (next < text.data() + end && *next != ',')) {
        throw Error(ErrorKind::usage, fmt::format("--blocks '{}' cannot be read", text),
                    {.hint = "write positions of keypoints, counted from 0, as 0,1,2;3,4"});
      }
      blocks.back().push_back(keypoint);
      at = next + 1;
    }
    begin = end + 1;
  }
  return blocks;
}

std::string text_of(const std::vector<std::vector<size_t>>& blocks) {
  std::string text;
  for (const auto& block : blocks)
    text += (text.empty() ? "" : ";") + fmt::format("{}", fmt::join(block, ","));
  return text;
}

std::vector<std::string> cameras_named_in(const std::vector<fs::path>& paths) {
  std::vector<std::string> cameras;
  for (const fs::path& path : paths) {
    const auto name = camera_before(path);
    if (!name) return {};
    if (std::find(cameras.begin(), cameras.end(), *name) == cameras.end()) cameras.push_back(*name);
  }
  return cameras;
}

void check_camera_names(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    if (name.empty()) {
      throw Error(ErrorKind::usage, "one of --camera-names is empty",
                  {.hint = "give the names as they stand in the files' names"});
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), name) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw Error(ErrorKind::usage, fmt::format("--camera-names has '{}' twice", printable(name)));
    }
    if (name.find(',') != std::string::npos) {
      std::string parted = name;
      std::ranges::replace(parted, ',', ' ');
      throw Error(ErrorKind::usage,
                  fmt::format("--camera-names: '{}' has a comma", printable(name)),
                  {.hint = fmt::format("part the names by spaces: {}", printable(parted))});
    }
  }
}

CamerasOfPaths take_camera_names(std::vector<fs::path>& paths,
                                 const std::vector<std::string>& cameras) {
  CamerasOfPaths given;
  for (fs::path& path : paths) {
    const auto name = camera_before(path);
    if (!name) continue;
    const fs::path file = path.string().substr(name->size() + 1);
    if (std::find(cameras.begin(), cameras.end(), *name) == cameras.end()) {
      if (!path_exists(file)) continue;
      throw Error(ErrorKind::usage,
                  fmt::format("{}: '{}' is not among the cameras", printable(path.string()),
                              printable(*name)),
                  {.have = list_names(cameras)});
    }
    path = file;
    given.emplace_back(path, *name);
  }
  return given;
}

std::vector<std::vector<fs::path>> files_by_camera(const std::vector<fs::path>& files,
                                                   const std::vector<std::string>& cameras,
                                                   const CamerasOfPaths& given) {
  std::vector<std::vector<fs::path>> groups(cameras.size());
  for (const fs::path& file : files) {
    if (const auto camera = camera_given(file, cameras, given)) {
      groups[*camera].push_back(file);
      continue;
    }
    const std::string name = file.filename().string();
    const std::vector<size_t> fits = cameras_of(name, cameras);
    if (fits.size() != 1) {
      throw Error(ErrorKind::usage,
                  fits.empty() ? fmt::format("{}: holds no camera's name", name)
                               : fmt::format("{}: holds the names of cameras '{}' and '{}'", name,
                                             cameras[fits[0]], cameras[fits[1]]),
                  {.have = fmt::format("cameras {}", fmt::join(cameras, ", ")),
                   .hint = "exactly one camera's name must be part of each file's name, as a word; "
                           "or say it: CAMERA=FILE"});
    }
    groups[fits[0]].push_back(file);
  }
  std::vector<std::string> seen;
  for (size_t c = 0; c < cameras.size(); ++c) {
    if (!groups[c].empty()) seen.push_back(printable(cameras[c]));
  }
  const bool may_choose = seen.size() >= 2 && seen.size() < cameras.size();
  for (size_t c = 0; c < cameras.size(); ++c) {
    if (groups[c].size() != groups[0].size() || groups[c].empty()) {
      throw Error(
          ErrorKind::usage,
          fmt::format("camera '{}' has {} tables, camera '{}' has {}", cameras[c], groups[c].size(),
                      cameras[0], groups[0].size()),
          {.hint = may_choose ? fmt::format("--camera-names {} takes the cameras with tables",
                                            fmt::join(seen, " "))
                              : "every camera needs one table of every member"});
    }
  }
  return groups;
}

fs::path find_timestamps(const std::vector<fs::path>& inputs, const std::string& side) {
  std::vector<fs::path> found;
  for (const fs::path& folder : inputs) {
    if (!is_folder(folder)) continue;
    for (const fs::path& entry : entries_of_folder(folder)) {
      const std::string name = entry.filename().string();
      const size_t word = name.find("timestamps");
      if (entry.extension() == ".npy" && word != std::string::npos &&
          name.find(side, word) != std::string::npos)
        found.push_back(entry);
    }
  }
  if (found.size() == 1) return found.front();
  throw Error(ErrorKind::usage,
              fmt::format("{} files are called *timestamps*{}*.npy in the folders given",
                          found.size(), side),
              {.hint = fmt::format("name the file with --timestamps-{}", side)});
}

}  // namespace posse
