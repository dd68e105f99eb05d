#include "base/frame_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(
      ErrorKind::usage, fmt::format("frame range '{}': {}", text, why),
      {.hint = "write start:stop or start:stop:step, counted from 0, stop excluded, as 100:200"});
}

std::optional<int64_t> parse_piece(std::string_view whole, std::string_view piece) {
  if (piece.empty()) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(piece.data(), piece.data() + piece.size(), value);
  if (error != std::errc() || end != piece.data() + piece.size()) {
    refuse(whole, fmt::format("'{}' is not a whole number", piece));
  }
  if (value < 0) refuse(whole, "frames are counted from 0; negative numbers have no meaning here");
  return value;
}

}  // namespace

FrameRange FrameRange::parse(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (size_t begin = 0;;) {
    const size_t colon = text.find(':', begin);
    pieces.push_back(text.substr(begin, colon - begin));
    if (colon == std::string_view::npos) break;
    begin = colon + 1;
  }
  if (pieces.size() > 3) refuse(text, "has more than three parts");
  FrameRange range;
  const auto first = parse_piece(text, pieces[0]);
  range.start = first.value_or(0);
  if (pieces.size() == 1) {
    if (first) range.stop = *first + 1;
    return range;
  }
  range.stop = parse_piece(text, pieces[1]);
  if (pieces.size() == 3) range.step = parse_piece(text, pieces[2]).value_or(1);
  if (range.step < 1) refuse(text, "the step must be at least 1");
  if (range.stop && *range.stop < range.start) refuse(text, "stop lies before start");
  return range;
}

void FrameRange::validate() const {
  if (start < 0 || step < 1 || (stop && *stop < start)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("frame range {}:{}:{} needs 0 <= start <= stop and step >= 1", start,
                            stop ? std::to_string(*stop) : "", step));
  }
}

bool FrameRange::contains(int64_t frame_index) const {
  return frame_index >= start && (!stop || frame_index < *stop) &&
         (frame_index - start) % step == 0;
}

int64_t FrameRange::count(int64_t num_frames) const {
  const int64_t end = std::min(stop.value_or(num_frames), num_frames);
  return end <= start ? 0 : (end - start + step - 1) / step;
}

std::string FrameRange::to_string() const {
  std::string text = fmt::format("{}:{}", start, stop ? std::to_string(*stop) : "");
  if (step != 1) text += fmt::format(":{}", step);
  return text;
}

}  // namespace posse
