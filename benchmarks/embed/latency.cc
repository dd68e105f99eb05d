// One frame through libposse against the members' networks alone.
//
//   embed_latency MEMBERS WIDTH HEIGHT [THREADS [ROUNDS]]
//
// A round asks the library for 20 pictures one after another, and then has the same members'
// networks compute 20 frames, one a call, of which the time within the networks alone is counted.
// Printed are medians over the rounds in ms a frame, the median, least and largest ratio of a
// round, and the ratio of the quickest rounds, which another program's load disturbs least.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "ensemble/ensemble.h"
#include "posse/posse.h"

namespace {

constexpr int kFrames = 20;

void check(posse_status status) {
  if (status == POSSE_OK) return;
  fmt::print(stderr, "{}\n", posse_last_error());
  std::exit(1);
}

posse::Image made_picture(int width, int height) {
  posse::Image image(width, height);
  for (size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<uint8_t>((i * 2654435761U) >> 24);
  return image;
}

/// Seconds a frame through the library.
double by_library(posse_ensemble* ensemble, const posse::Image& image) {
  posse_image picture = {};
  picture.struct_size = sizeof picture;
  picture.pixels = image.rgb.data();
  picture.width = image.width;
  picture.height = image.height;
  posse_frame frame = {};
  frame.struct_size = sizeof frame;
  const double start = posse::seconds_now();
  for (int i = 0; i < kFrames; ++i) check(posse_predict(ensemble, &picture, &frame));
  return (posse::seconds_now() - start) / kFrames;
}

/// Seconds a frame within the networks.
double by_networks(posse::Ensemble& ensemble, const posse::Image& image) {
  int next = 0;
  const posse::RunTimings timings = ensemble.run({.source =
                                                      [&](posse::VideoFrame& frame) {
                                                        frame.image = image;
                                                        frame.frame_index = next;
                                                        return next++ < kFrames;
                                                      },
                                                  .sink = [](posse::FrameBundle&) {}});
  return timings.network_seconds / kFrames;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(const std::string& members, int width, int height, int threads, int rounds) {
  const posse::Image image = made_picture(width, height);
  posse_ensemble* library = nullptr;
  check(posse_open(members.c_str(), fmt::format("threads={}\nbatch=1", threads).c_str(), &library));
  const std::vector<std::filesystem::path> paths = {members};
  posse::Ensemble networks = posse::Ensemble::open(paths, {.threads = threads, .batch = 1});
  by_library(library, image);
  by_networks(networks, image);
  std::vector<double> whole, alone, ratios;
  for (int round = 0; round < rounds; ++round) {
    whole.push_back(by_library(library, image));
    alone.push_back(by_networks(networks, image));
    ratios.push_back(whole.back() / alone.back());
  }
  fmt::print(
      "{} members, {}x{}, {} threads: library {:.3f} ms, networks {:.3f} ms, ratio {:.4f} "
      "({:.4f} to {:.4f}), of the quickest {:.4f}\n",
      posse_num_members(library), width, height, threads, 1e3 * median(whole), 1e3 * median(alone),
      median(ratios), *std::min_element(ratios.begin(), ratios.end()),
      *std::max_element(ratios.begin(), ratios.end()),
      *std::min_element(whole.begin(), whole.end()) /
          *std::min_element(alone.begin(), alone.end()));
  posse_close(library);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: embed_latency MEMBERS WIDTH HEIGHT [THREADS [ROUNDS]]\n");
    return 2;
  }
  try {
    measure(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argc > 4 ? std::atoi(argv[4]) : 1,
            argc > 5 ? std::atoi(argv[5]) : 11);
  } catch (const posse::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
