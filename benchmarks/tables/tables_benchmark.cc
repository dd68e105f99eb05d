// Time and memory of reading and writing pose tables on one thread: members that see random walks,
// every number with all its digits, as networks give them.
//
// usage: posse_tables_benchmark FOLDER [FRAMES] [RUNS]
// Writes member0.csv ... and member0.h5 ... into FOLDER and leaves them there. Each line gives the
// median, least and most of several runs, after one that is not counted, and the file's bytes by
// the median. Files are in the page cache when they are read.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "results/table/table_reader.h"
#include "results/table/table_writer.h"

namespace {

namespace fs = std::filesystem;
using posse::PoseTable;

constexpr size_t kMembers = 5;
constexpr size_t kBodyparts = 20;

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024 * 1.048576;
}

void measure(const std::string& name, double megabytes, int runs,
             const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    body();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  fmt::print("{:24} {:7.1f} MB  median {:.3f} s  least {:.3f}  most {:.3f}  {:7.1f} MB/s\n", name,
             megabytes, median, seconds.front(), seconds.back(), megabytes / median);
}

PoseTable walking_member(size_t num_frames, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> step;
  std::uniform_real_distribution<double> unit;
  PoseTable table{.scorer = "DLC_resnet50_benchmarkshuffle1_100000", .poses = {}};
  for (size_t k = 0; k < kBodyparts; ++k) {
    table.poses.bodyparts.push_back(fmt::format("bodypart{}", k));
  }
  std::vector<double> place(2 * kBodyparts, 400.0);
  for (size_t frame = 0; frame < num_frames; ++frame) {
    table.poses.frame_index.push_back(static_cast<int64_t>(frame));
    for (size_t k = 0; k < kBodyparts; ++k) {
      place[2 * k] += step(random) - 0.001 * (place[2 * k] - 400);
      place[2 * k + 1] += step(random) - 0.001 * (place[2 * k + 1] - 400);
      table.poses.keypoints.push_back({place[2 * k], place[2 * k + 1], unit(random)});
    }
  }
  return table;
}

std::vector<fs::path> member_paths(const fs::path& folder, const char* suffix) {
  std::vector<fs::path> paths;
  for (size_t m = 0; m < kMembers; ++m) {
    paths.push_back(folder / fmt::format("member{}{}", m, suffix));
  }
  return paths;
}

double megabytes_of(const std::vector<fs::path>& paths) {
  double bytes = 0;
  for (const fs::path& path : paths) bytes += static_cast<double>(fs::file_size(path));
  return bytes / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: posse_tables_benchmark FOLDER [FRAMES] [RUNS]\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const size_t frames = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100000;
  const int runs = argc > 3 ? std::atoi(argv[3]) : 3;
  fs::create_directories(folder);
  const double arrays = static_cast<double>(kMembers * frames * kBodyparts * 3 * 8) / 1e6;
  fmt::print("{} members x {} frames x {} bodyparts, arrays of {:.0f} MB\n", kMembers, frames,
             kBodyparts, arrays);
  for (const char* suffix : {".csv", ".h5"}) {
    const std::vector<fs::path> paths = member_paths(folder, suffix);
    for (size_t m = 0; m < kMembers; ++m) {
      posse::write_pose_table(paths[m], walking_member(frames, static_cast<unsigned>(m)));
    }
    const std::string what = suffix + 1;
    const PoseTable member = walking_member(frames, 0);
    measure(what + " write, one member", megabytes_of({paths[0]}), runs,
            [&] { posse::write_pose_table(paths[0], member); });
    measure(what + " read, all members", megabytes_of(paths), runs, [&] {
      std::vector<PoseTable> tables;
      for (const fs::path& path : paths) tables.push_back(posse::read_pose_table(path).table);
    });
  }
  fmt::print("peak memory {:.0f} MB, {:.2f} times the arrays\n", peak_megabytes(),
             peak_megabytes() / arrays);
  return 0;
}
