// Time and memory of the track on made maps: finding the evidence of a frame, and tracking and
// smoothing it.
//
// usage: posse_track_speed evidence HEIGHT WIDTH BODYPARTS MEMBERS
//        posse_track_speed track BODYPARTS GROUP MEMBERS LAG FRAMES : GROUP bodyparts look alike
//        (1: none)
// Prints milliseconds a frame, the median of rounds with the least and the most; `track` also the
// largest memory of the process in MB, which should not grow with FRAMES.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "consensus/track/evidence_finder.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/tracker.h"
#include "support/made_maps.h"

namespace {
using namespace posse;

constexpr int kRounds = 7;
constexpr int kMadeFrames = 64;

double milliseconds() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void print(const char* name, std::vector<double> times) {
  std::ranges::sort(times);
  std::printf("%s: %.4f ms a frame, least %.4f, most %.4f\n", name, times[times.size() / 2],
              times.front(), times.back());
}

/// One frame of members who mostly agree: bodyparts on circles, every fifth vote elsewhere.
std::vector<MadeMember> made_frame(int t, int height, int width, int bodyparts, int members,
                                   std::mt19937& random) {
  std::vector<MadeMember> made;
  std::uniform_real_distribution<double> share(0.1, 0.9);
  std::normal_distribution<double> noise(0, 2);
  for (int m = 0; m < members; ++m) {
    std::vector<MadeBump> bumps;
    for (int p = 0; p < bodyparts; ++p) {
      const double angle = 0.05 * t + 6.28 * p / bodyparts;
      bumps.push_back({8.0 * width * (0.5 + 0.3 * std::cos(angle)) + noise(random),
                       8.0 * height * (0.5 + 0.3 * std::sin(angle)) + noise(random), 4, p});
      if (random() % 5 == 0)
        bumps.push_back({8.0 * width * share(random), 8.0 * height * share(random), 4.5, p});
    }
    made.emplace_back(height, width, bodyparts, 8, bumps);
  }
  return made;
}

FrameEvidence evidence_of(const std::vector<MadeMember>& members, EvidenceFinder& finder) {
  std::vector<MemberMap> maps;
  for (const MadeMember& member : members) maps.push_back(member.map());
  return finder.find(maps);
}

int time_evidence(int height, int width, int bodyparts, int members) {
  std::mt19937 random(1);
  std::vector<std::vector<MadeMember>> frames;
  for (int t = 0; t < 8; ++t)
    frames.push_back(made_frame(t, height, width, bodyparts, members, random));
  EvidenceFinder finder;
  std::vector<double> times;
  for (int round = 0; round <= kRounds; ++round) {
    const double start = milliseconds();
    for (const auto& frame : frames) evidence_of(frame, finder);
    if (round > 0) times.push_back((milliseconds() - start) / static_cast<double>(frames.size()));
  }
  print("evidence", times);
  return 0;
}

int time_track(int bodyparts, int group, int members, int lag, int frames) {
  std::mt19937 random(1);
  EvidenceFinder finder;
  std::vector<FrameEvidence> made;
  for (int t = 0; t < kMadeFrames; ++t)
    made.push_back(evidence_of(made_frame(t, 30, 40, bodyparts, members, random), finder));
  std::vector<std::vector<int>> groups;
  for (int p = 0; group > 1 && p + group <= bodyparts; p += group) {
    groups.emplace_back();
    for (int k = 0; k < group; ++k) groups.back().push_back(p + k);
  }
  TrackOptions options;
  options.tracker.lag = static_cast<size_t>(lag);
  std::vector<std::string> names(static_cast<size_t>(bodyparts), "part");
  for (size_t p = 0; p < names.size(); ++p) names[p] += std::to_string(p);
  Tracker tracker(names.size(), groups, options);
  TrackSmoother smoother(names);
  double checksum = 0;
  double tracking = 0;
  double smoothing = 0;
  const auto take = [&](std::vector<TrackedFrame> tracked) {
    const double start = milliseconds();
    for (TrackedFrame& frame : tracked) {
      for (const TrackedFrame& ready : smoother.push(std::move(frame)))
        checksum += ready.keypoints[0].keypoint.x;
    }
    smoothing += milliseconds() - start;
  };
  for (int t = 0; t < frames; ++t) {
    FrameEvidence evidence = made[static_cast<size_t>(t % kMadeFrames)];
    evidence.frame_index = t;
    const double start = milliseconds();
    std::vector<TrackedFrame> tracked = tracker.push(std::move(evidence), 1);
    tracking += milliseconds() - start;
    take(std::move(tracked));
  }
  take(tracker.finish());
  const double start = milliseconds();
  for (const TrackedFrame& ready : smoother.finish()) checksum += ready.keypoints[0].keypoint.x;
  smoothing += milliseconds() - start;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("track: %.4f ms a frame, smoothing %.4f; %.1f MB; states %.1f; checksum %.6g\n",
              tracking / frames, smoothing / frames, static_cast<double>(usage.ru_maxrss) / 1024,
              tracker.mean_states(0), checksum);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  std::vector<int> numbers;
  for (int i = 2; i < argc; ++i) numbers.push_back(std::atoi(argv[i]));
  if (what == "evidence" && numbers.size() == 4)
    return time_evidence(numbers[0], numbers[1], numbers[2], numbers[3]);
  if (what == "track" && numbers.size() == 5)
    return time_track(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
  std::fprintf(stderr,
               "usage: %s evidence HEIGHT WIDTH BODYPARTS MEMBERS | track BODYPARTS GROUP MEMBERS "
               "LAG FRAMES\n",
               argv[0]);
  return 2;
}
