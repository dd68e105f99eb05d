#include "video/frame_list_text.h"

#include <fmt/format.h>

#include "base/count_text.h"

namespace posse {
namespace {

std::string in_brackets(const std::vector<int64_t>& first, int64_t number) {
  return first.empty() ? std::string() : fmt::format(" ({})", listed_frames(first, number));
}

}  // namespace

std::string listed_frames(const std::vector<int64_t>& first, int64_t number) {
  std::string text = number == 1 ? "frame " : "frames ";
  for (size_t i = 0; i < first.size(); ++i) {
    const bool is_last = i > 0 && static_cast<int64_t>(i) + 1 == number;
    text += fmt::format("{}{}", i == 0 ? "" : is_last ? " and " : ", ", first[i]);
  }
  const int64_t rest = number - static_cast<int64_t>(first.size());
  return rest > 0 ? text + fmt::format(" and {} more", rest) : text;
}

std::string lost_frames_text(const std::vector<int64_t>& first, int64_t number) {
  return fmt::format("{} could not be decoded and {} left out{}", count_text(number, "frame"),
                     number == 1 ? "is" : "are", in_brackets(first, number));
}

std::string corrupt_frames_text(const std::vector<int64_t>& first, int64_t number) {
  return fmt::format("{} decoded with errors in the picture, kept{}", count_text(number, "frame"),
                     in_brackets(first, number));
}

}  // namespace posse
