#include "ensemble/options.h"

#include <fmt/format.h>

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

}  // namespace posse
