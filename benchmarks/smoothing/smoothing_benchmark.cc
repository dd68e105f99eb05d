// Time and memory of smoothing on made-up tracks: single camera and calibrated cameras, one thread
// and all. Each line gives the median, least and most of several runs, after one that is not
// counted.
//
// usage: posse_smoothing_benchmark [single|calibrated] [FRAMES] [RUNS]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/threads.h"
#include "smoothing/models/calibrated_cameras.h"
#include "smoothing/models/single_camera.h"

namespace {

using posse::CameraMembers;
using posse::CameraModel;
using posse::Poses;

constexpr size_t kMembers = 5;

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double measure(const std::string& name, size_t runs, const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (size_t run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    body();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{:42} median {:.3f} s  least {:.3f}  most {:.3f}  peak {:.0f} MiB\n", name,
             seconds[seconds.size() / 2], seconds.front(), seconds.back(), peak_mebibytes());
  return seconds[seconds.size() / 2];
}

Poses empty_poses(size_t num_frames, size_t num_bodyparts) {
  Poses poses;
  for (size_t k = 0; k < num_bodyparts; ++k) poses.bodyparts.push_back("part" + std::to_string(k));
  for (size_t t = 0; t < num_frames; ++t) poses.frame_index.push_back(static_cast<int64_t>(t));
  poses.keypoints.resize(num_frames * num_bodyparts);
  return poses;
}

/// Random walks seen with errors by every member.
std::vector<Poses> walking_members(size_t num_frames, size_t num_bodyparts,
                                   size_t num_members = kMembers) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::vector<Poses> members(num_members, empty_poses(num_frames, num_bodyparts));
  std::vector<double> place(2 * num_bodyparts, 300.0);
  for (size_t t = 0; t < num_frames; ++t) {
    for (double& coordinate : place) coordinate += 2 * normal(random);
    for (Poses& member : members) {
      for (size_t k = 0; k < num_bodyparts; ++k) {
        member.at(t, k) = {place[2 * k] + normal(random), place[2 * k + 1] + normal(random), 0.9};
      }
    }
  }
  return members;
}

void measure_single(size_t num_frames, size_t runs, int all_threads) {
  constexpr size_t kBodyparts = 20;
  const std::vector<Poses> members = walking_members(num_frames, kBodyparts);
  const double input =
      static_cast<double>(kMembers * num_frames * kBodyparts * sizeof(posse::Keypoint)) / 1048576;
  fmt::print("single camera: {} members x {} frames x {} keypoints, input {:.0f} MiB\n", kMembers,
             num_frames, kBodyparts, input);
  for (const int threads : {1, all_threads}) {
    measure(fmt::format("  statistics alone, {} thread(s)", threads), runs,
            [&] { posse::summarise_ensemble(members, {}, threads); });
    measure(fmt::format("  fixed s, {} thread(s)", threads), runs, [&] {
      posse::smooth_single_camera(members, {.tuning = {.s = {4}}, .num_threads = threads});
    });
    measure(fmt::format("  tuned s, full likelihood, {} thread(s)", threads), runs,
            [&] { posse::smooth_single_camera(members, {.num_threads = threads}); });
    measure(fmt::format("  tuned s, constant variance, {} thread(s)", threads), runs, [&] {
      posse::smooth_single_camera(
          members,
          {.tuning = {.objective = posse::TuningObjective::constant}, .num_threads = threads});
    });
  }
}

/// How time grows with each extent of the input; 2 is linear.
void measure_growth(size_t num_frames, size_t runs) {
  constexpr size_t kBodyparts = 20;
  fmt::print("single camera, fixed s, 1 thread, each extent doubled:\n");
  const auto seconds = [&](const std::string& name, size_t frames, size_t bodyparts,
                           size_t members) {
    const std::vector<Poses> poses = walking_members(frames, bodyparts, members);
    return measure(name, runs, [&] { posse::smooth_single_camera(poses, {.tuning = {.s = {4}}}); });
  };
  const double once = seconds("  as it is", num_frames, kBodyparts, kMembers);
  const auto tell = [&](const std::string& what, double twice) {
    fmt::print("  time with twice the {}: {:.2f} x\n", what, twice / once);
  };
  tell("frames", seconds("  frames", 2 * num_frames, kBodyparts, kMembers));
  tell("keypoints", seconds("  keypoints", num_frames, 2 * kBodyparts, kMembers));
  tell("members", seconds("  members", num_frames, kBodyparts, 2 * kMembers));
}

std::vector<CameraModel> ring_of_cameras(size_t count) {
  std::vector<CameraModel> cameras;
  for (size_t c = 0; c < count; ++c) {
    CameraModel camera{.name = "camera" + std::to_string(c),
                       .size = {1280, 1024},
                       .fx = 1500,
                       .fy = 1500,
                       .cx = 640,
                       .cy = 512};
    camera.distortion = {.k1 = -0.1, .k2 = 0.02};
    camera.rotation = posse::rotation_of({0.2, 0.5 * static_cast<double>(c), 0.0});
    camera.translation = {0, 0, 500};
    cameras.push_back(camera);
  }
  return cameras;
}

void measure_calibrated(size_t num_frames, size_t runs, int all_threads) {
  constexpr size_t kBodyparts = 28;
  constexpr size_t kCameras = 6;
  const std::vector<CameraModel> cameras = ring_of_cameras(kCameras);
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<Poses>> views(
      kCameras, std::vector<Poses>(kMembers, empty_poses(num_frames, kBodyparts)));
  for (size_t k = 0; k < kBodyparts; ++k) {
    Eigen::Vector3d point = Eigen::Vector3d::Zero();
    for (size_t t = 0; t < num_frames; ++t) {
      for (double& coordinate : point) coordinate = 0.999 * coordinate + normal(random);
      for (size_t c = 0; c < kCameras; ++c) {
        const Eigen::Vector2d pixel = cameras[c].project(point).pixel;
        for (Poses& member : views[c]) {
          member.at(t, k) = {pixel.x() + normal(random), pixel.y() + normal(random), 0.9};
        }
      }
    }
  }
  std::vector<CameraMembers> members;
  for (size_t c = 0; c < kCameras; ++c) members.push_back({cameras[c].name, views[c]});
  fmt::print("calibrated: {} members x {} frames x {} keypoints x {} cameras\n", kMembers,
             num_frames, kBodyparts, kCameras);
  for (const int threads : {1, all_threads}) {
    posse::CalibratedCamerasOptions options;
    options.common.num_threads = threads;
    options.common.tuning.s = {1};
    measure(fmt::format("  fixed s, {} thread(s)", threads), runs,
            [&] { posse::smooth_calibrated_cameras(members, cameras, options); });
    options.common.tuning = {.frames = {{.start = 0, .stop = 100}}};
    measure(fmt::format("  s tuned on 100 frames, {} thread(s)", threads), runs,
            [&] { posse::smooth_calibrated_cameras(members, cameras, options); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool single = words.empty() || words[0] == "single";
  const auto number = [&](size_t place, size_t otherwise) {
    if (words.size() <= place) return otherwise;
    char* end = nullptr;
    const size_t value = std::strtoull(words[place].c_str(), &end, 10);
    return *end == '\0' ? value : 0;
  };
  const size_t frames = number(1, single ? 100000 : 30000);
  const size_t runs = number(2, 5);
  if (words.size() > 3 || !(single || words[0] == "calibrated") || frames < 2 || runs == 0) {
    fmt::print(stderr, "usage: posse_smoothing_benchmark [single|calibrated] [FRAMES] [RUNS]\n");
    return 2;
  }
  const int threads = posse::available_threads().num_threads;
  if (single) {
    measure_single(frames, runs, threads);
    measure_growth(frames, runs);
  } else {
    measure_calibrated(frames, runs, threads);
  }
  return 0;
}
