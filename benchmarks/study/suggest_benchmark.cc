// Choosing frames to label from finished results: seconds and memory. Results are made, without
// videos, so that it is scoring and choice alone.
//
// usage: suggest_benchmark [frames bodyparts members videos [count]]
#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "study/suggest/suggest.h"
#include "support/made_results.h"

namespace posse {
namespace {

/// Members that disagree more in one frame of a hundred.
void fill(FrameResult& result) {
  const size_t parts = result.consensus.size();
  const auto frame = static_cast<double>(result.frame_index);
  const double far = result.frame_index % 100 == 0 ? 30 : 1;
  for (size_t i = 0; i < result.members.size(); ++i) {
    const double angle = static_cast<double>(i) + frame;
    const auto part = static_cast<double>(i % parts);
    result.members[i] = {100 + 20 * part + far * std::cos(angle), 100 + far * std::sin(angle), 0.9};
  }
  for (size_t p = 0; p < parts; ++p)
    result.consensus[p].keypoint = {100 + 20 * static_cast<double>(p) + std::sin(frame / 40),
                                    100 + std::cos(frame / 70), 0.9};
}

int measure(int64_t frames, int bodyparts, int members, int videos, int count) {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> results;
  testing::MadeResults made{.num_frames = frames, .fill = fill};
  made.bodyparts.clear(), made.members.clear();
  for (int p = 0; p < bodyparts; ++p) made.bodyparts.push_back(fmt::format("part{}", p));
  for (int m = 0; m < members; ++m) made.members.push_back(fmt::format("member{}", m));
  for (int v = 0; v < videos; ++v) {
    made.stem = fmt::format("video{}", v);
    results.push_back(testing::write_made_results(folder.path(), made));
  }
  const double start = seconds_now();
  const Suggestions chosen = suggest_frames(results, {.count = count}, nullptr, {}, false, {});
  const double seconds = seconds_now() - start;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{} videos of {} frames, {} bodyparts, {} members: {} frames chosen in {:.2f} s, {:.0f} MB "
      "at most\n",
      videos, frames, bodyparts, members, chosen.frames.size(), seconds,
      static_cast<double>(usage.ru_maxrss) / 1024);
  return chosen.frames.size() == static_cast<size_t>(count) ? 0 : 1;
}

}  // namespace
}  // namespace posse

int main(int argc, char** argv) {
  const auto number = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  try {
    return posse::measure(number(1, 100'000), number(2, 20), number(3, 5), number(4, 1),
                          number(5, 100));
  } catch (const posse::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
