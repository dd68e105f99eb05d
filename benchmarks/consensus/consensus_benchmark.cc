// Time of the consensus per frame, on maps like those of trained networks. compare.py runs this
// beside a NumPy restatement of the original package and prints the ratio.
//
// usage: posse_consensus_benchmark MAPS.f32 MEMBERS FRAMES HEIGHT WIDTH BODYPARTS [OUT]
//   MAPS.f32: float32 [members, frames, height, width, bodyparts]; OUT: positions in cells by the
//   mean and the median, float64 [2, frames, bodyparts, xy]
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "consensus/scoremap_consensus.h"

namespace {

struct Maps {
  std::vector<float> values;
  size_t members, frames;
  int height, width, bodyparts;

  size_t frame_size() const {
    return static_cast<size_t>(height) * static_cast<size_t>(width) *
           static_cast<size_t>(bodyparts);
  }
  std::vector<posse::MemberMap> frame(size_t index, posse::DecodeRule rule) const {
    std::vector<posse::MemberMap> maps;
    for (size_t m = 0; m < members; ++m) {
      maps.push_back({.map = {.logits = values.data() + (m * frames + index) * frame_size(),
                              .height = height,
                              .width = width,
                              .num_bodyparts = bodyparts},
                      .column_of_bodypart = {},
                      .rule = rule});
    }
    return maps;
  }
};

/// Milliseconds for all frames; positions in cells appended to `out`.
double run_once(const Maps& maps, const posse::ConsensusOptions& options,
                std::vector<double>& out) {
  posse::ConsensusEngine engine(options);
  out.clear();
  const auto start = std::chrono::steady_clock::now();
  for (size_t t = 0; t < maps.frames; ++t) {
    const posse::ConsensusFrame frame = engine.consensus(maps.frame(t, options.rule));
    for (const posse::ConsensusKeypoint& keypoint : frame.keypoints) {
      out.push_back(posse::cell_from_pixel(keypoint.keypoint.x, frame.grid.stride));
      out.push_back(posse::cell_from_pixel(keypoint.keypoint.y, frame.grid.stride));
    }
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Milliseconds to read all maps once and do next to nothing with them: what memory allows.
double read_once(const Maps& maps) {
  static volatile uint32_t sink = 0;
  const auto start = std::chrono::steady_clock::now();
  uint32_t sum = 0;
  for (const float value : maps.values) sum += std::bit_cast<uint32_t>(value);
  sink = sink + sum;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Prints "NAME ms MEDIAN least LEAST most MOST" of several runs, after one that is not counted.
void report(const char* name, const std::function<double()>& run) {
  std::vector<double> times(7);
  run();
  for (double& time : times) time = run();
  std::ranges::sort(times);
  std::printf("%s ms %.4f least %.4f most %.4f\n", name, times[times.size() / 2], times.front(),
              times.back());
}

/// The positions.
std::vector<double> measure(const char* name, const Maps& maps,
                            const posse::ConsensusOptions& options) {
  std::vector<double> out;
  report(name, [&] { return run_once(maps, options, out); });
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "usage: %s MAPS.f32 MEMBERS FRAMES HEIGHT WIDTH BODYPARTS [OUT]\n",
                 argv[0]);
    return 2;
  }
  Maps maps{.values = {},
            .members = std::stoul(argv[2]),
            .frames = std::stoul(argv[3]),
            .height = std::stoi(argv[4]),
            .width = std::stoi(argv[5]),
            .bodyparts = std::stoi(argv[6])};
  maps.values.resize(maps.members * maps.frames * maps.frame_size());
  std::ifstream file(argv[1], std::ios::binary);
  const auto bytes = static_cast<std::streamsize>(maps.values.size() * sizeof(float));
  if (!file.read(reinterpret_cast<char*>(maps.values.data()), bytes)) {
    std::fprintf(stderr, "%s: fewer than %ld bytes\n", argv[1], static_cast<long>(bytes));
    return 1;
  }
  using posse::ConsensusMethod;
  using posse::DecodeRule;
  report("reading", [&] { return read_once(maps); });
  const auto mean =
      measure("mean", maps, {.method = ConsensusMethod::mean, .member_keypoints = false});
  const auto median =
      measure("median", maps, {.method = ConsensusMethod::median, .member_keypoints = false});
  measure("mean+members", maps, {.method = ConsensusMethod::mean});
  measure("median+members", maps, {.method = ConsensusMethod::median});
  measure("mean+members,dlc", maps, {.method = ConsensusMethod::mean, .rule = DecodeRule::dlc});
  if (argc > 7) {
    std::ofstream out(argv[7], std::ios::binary);
    for (const auto& positions : {mean, median}) {
      out.write(reinterpret_cast<const char*>(positions.data()),
                static_cast<std::streamsize>(positions.size() * sizeof(double)));
    }
  }
  return 0;
}
