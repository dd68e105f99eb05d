#include "ensemble/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace posse {
namespace {

constexpr int kMostFrames = 1000;  // a batch is held in memory whole

}  // namespace

BatchNormChoice BatchNormChoice::parse(std::string_view text) {
  if (text == "auto") return {};
  if (text == "frame") return {.source = Source::frame};
  if (text == "moving") return {.source = Source::moving};
  constexpr std::string_view kBatch = "batch:";
  BatchNormChoice choice{.source = Source::batch};
  if (text.starts_with(kBatch)) {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + kBatch.size(), end, choice.num_frames);
    const bool is_number = error == std::errc() && rest == end;
    if (is_number && choice.num_frames >= 1 && choice.num_frames <= kMostFrames) return choice;
  }
  throw Error(ErrorKind::usage, fmt::format("batch-norm '{}' is not known", text),
              {.have = fmt::format("auto, frame, moving, batch:N with N from 1 to {}", kMostFrames),
               .hint = "batch:8 for a table of DeepLabCut's that was made with batch size 8"});
}

std::string BatchNormChoice::to_string() const {
  switch (source) {
    case Source::automatic:
      return "auto";
    case Source::frame:
      return "frame";
    case Source::moving:
      return "moving";
    case Source::batch:
      return fmt::format("batch:{}", num_frames);
  }
  POSSE_ASSERT(false);
}

std::vector<std::pair<std::string, std::string>> parse_bodypart_map(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> map;
  bool more = !text.empty();
  while (more) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    more = comma < text.size();
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == part.size()) {
      throw Error(ErrorKind::usage,
                  fmt::format("bodypart-map: '{}' is not of the form OLD=NEW", part));
    }
    std::string old_name(part.substr(0, equals));
    for (const auto& [known, other] : map) {
      if (known == old_name) {
        throw Error(ErrorKind::usage,
                    fmt::format("bodypart-map: '{}' is given two new names", old_name));
      }
    }
    map.emplace_back(std::move(old_name), part.substr(equals + 1));
  }
  return map;
}

}  // namespace posse
