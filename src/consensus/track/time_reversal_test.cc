// A law of the whole chain, from maps or tables to smoothed positions: a video read backwards has
// the same track.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "consensus/track/agreeing_views.h"
#include "consensus/track/evidence_finder.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/table_track.h"
#include "consensus/track/tracker.h"
#include "support/made_maps.h"

namespace posse {
namespace {

constexpr int kHeight = 14;
constexpr int kWidth = 18;
constexpr size_t kParts = 4;
constexpr size_t kMembers = 4;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
const std::vector<std::string> kNames = {"paw1", "paw2", "nose", "mirrored"};

/// Rounding of sums over a video, and the smoother's s, of which two searches find the least value
/// to the root of that.
constexpr double kRounding = 1e-9;
constexpr double kSearch = 1e-5;  // px

struct Video {
  std::vector<FrameEvidence> frames;
  std::vector<double> elapsed;   ///< [frames] since the one before; the first is not used
  std::vector<int64_t> numbers;  ///< [frames]
};

Video reversed(const Video& video) {
  Video result = video;
  std::ranges::reverse(result.frames);
  const size_t count = video.frames.size();
  for (size_t t = 0; t < count; ++t) {
    result.elapsed[t] = t == 0 ? 1 : video.elapsed[count - t];
    result.numbers[t] = video.numbers.back() - video.numbers[count - 1 - t];
  }
  return result;
}

/// Parts that walk, at times jump or hide, seen by members of whom each is lost at times, sees
/// little, or has no number at all; frames come at uneven times.
class MadeVideo {
 public:
  explicit MadeVideo(unsigned seed) : random_(seed) {
    for (size_t p = 0; p < kParts; ++p) places_.push_back(anywhere(0));
  }

  Video make(size_t count) {
    Video video;
    for (size_t t = 0; t < count; ++t) {
      const auto step = static_cast<double>(1 + (chance() < 0.3) + 2 * (chance() < 0.1));
      video.numbers.push_back(t == 0 ? 0 : video.numbers.back() + static_cast<int64_t>(step));
      video.elapsed.push_back(step * (0.8 + 0.4 * chance()));
      move();
      std::vector<MadeMember> members;
      for (size_t m = 0; m < kMembers; ++m) members.push_back(member());
      std::vector<MemberMap> maps;
      for (const MadeMember& one : members) maps.push_back(one.map());
      video.frames.push_back(finder_.find(maps));
    }
    return video;
  }

 private:
  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  MadeBump anywhere(int part) {
    return {8 * kWidth * chance(), 8 * kHeight * chance(), 6 * chance() - 1, part};
  }

  void move() {
    std::normal_distribution<double> step(0, 6);
    for (size_t p = 0; p < kParts; ++p) {
      MadeBump& bump = places_[p];
      bump.bodypart = static_cast<int>(p);
      bump.x = std::clamp(bump.x + step(random_), 0.0, 8.0 * kWidth);
      bump.y = std::clamp(bump.y + step(random_), 0.0, 8.0 * kHeight);
      if (chance() < 0.05) bump = anywhere(static_cast<int>(p));
      bump.height = chance() < 0.2 ? -4 : 4 * chance();
    }
    places_[3].x = places_[2].x;  // the mirror's view
  }

  MadeMember member() {
    std::vector<MadeBump> bumps;
    for (size_t p = 0; p < kParts; ++p) {
      if (chance() < 0.8) bumps.push_back(places_[p]);
      if (chance() < 0.3) bumps.push_back(anywhere(static_cast<int>(p)));
    }
    if (chance() < 0.5) {  // one paw for the other
      bumps.push_back({places_[1].x, places_[1].y, 3 * chance(), 0});
    }
    MadeMember made(kHeight, kWidth, kParts, 8, bumps);
    if (chance() < 0.05) made.fill(static_cast<int>(4 * chance()), kNan);
    return made;
  }

  std::mt19937 random_;
  EvidenceFinder finder_;
  std::vector<MadeBump> places_;
};

std::vector<TrackedFrame> track(const Video& video, std::optional<size_t> lag, bool smooth = true) {
  LookAlikes look_alikes(kParts);
  for (const FrameEvidence& frame : video.frames) look_alikes.add(frame);
  TrackOptions options;
  options.tracker.lag = lag;
  Tracker tracker(kParts, look_alikes.groups(), options);
  const std::vector<ViewPair> views = {{.a = 2, .b = 3, .geometry = same_x_geometry()}};
  std::vector<TrackedFrame> all;
  for (size_t t = 0; t < video.frames.size(); ++t) {
    FrameEvidence frame = video.frames[t];
    frame.frame_index = video.numbers[t];
    let_views_agree(views, {}, frame);
    std::ranges::move(tracker.push(std::move(frame), video.elapsed[t]), std::back_inserter(all));
  }
  std::ranges::move(tracker.finish(), std::back_inserter(all));
  if (smooth) smooth_track(all, kNames);
  return all;
}

void expect_same(const TrackedKeypoint& a, const TrackedKeypoint& b, double chance, double px) {
  EXPECT_EQ(a.seen, b.seen);
  EXPECT_EQ(std::isnan(a.keypoint.x), std::isnan(b.keypoint.x));
  EXPECT_NEAR(a.chance, b.chance, chance);
  EXPECT_NEAR(a.chance_seen, b.chance_seen, chance);
  if (std::isnan(a.keypoint.x)) return;
  EXPECT_NEAR(a.keypoint.x, b.keypoint.x, px);
  EXPECT_NEAR(a.keypoint.y, b.keypoint.y, px);
  EXPECT_NEAR(a.keypoint.likelihood, b.keypoint.likelihood, kRounding);
  const double moment = std::max(1e-6 * a.covariance.xx, 3e4 * chance);  // of s; of places far away
  EXPECT_NEAR(a.covariance.xx, b.covariance.xx, moment);
  EXPECT_NEAR(a.covariance.xy, b.covariance.xy, moment);
  const double second = a.second ? a.second->chance : 0;
  if (std::abs(second - 0.05) < 1e-3) return;  // nearly too little to be stated
  EXPECT_NEAR(second, b.second ? b.second->chance : 0, chance);
}

void expect_reversed(const std::vector<TrackedFrame>& forward,
                     const std::vector<TrackedFrame>& backward, double chance, double px) {
  ASSERT_EQ(forward.size(), backward.size());
  for (size_t t = 0; t < forward.size(); ++t) {
    for (size_t p = 0; p < forward[t].keypoints.size(); ++p) {
      SCOPED_TRACE(testing::Message()
                   << "frame " << t << " of " << forward.size() << ", part " << p);
      expect_same(forward[t].keypoints[p], backward[forward.size() - 1 - t].keypoints[p], chance,
                  px);
    }
  }
}

TEST(TimeReversal, AVideoOfMapsReadBackwardsHasTheSameTrack) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Video video = MadeVideo(seed).make(1 + 12 * seed);
    expect_reversed(track(video, {}, false), track(reversed(video), {}, false), kRounding,
                    kRounding);
    expect_reversed(track(video, kTrackLag), track(reversed(video), kTrackLag), kRounding, kSearch);
  }
}

TEST(TimeReversal, ALongVideoReadBackwardsHasTheSameTrackButForWhatLiesBeyondTheLag) {
  const Video video = MadeVideo(20).make(400);
  expect_reversed(track(video, kTrackLag), track(reversed(video), kTrackLag), 5e-3, kSearch);
}

TEST(TimeReversal, TablesReadBackwardsHaveTheSameTrack) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0, 1);
  const size_t count = 70;
  std::vector<Poses> members(3, Poses{.bodyparts = kNames, .frame_index = {}, .keypoints = {}});
  std::vector<Poses> backwards = members;
  for (size_t t = 0; t < count; ++t) {
    for (Poses& poses : members) {
      poses.frame_index.push_back(static_cast<int64_t>(t + t / 7));
      for (size_t p = 0; p < kParts; ++p) {
        const double off = share(random) < 0.2 ? 300 : 4;
        poses.keypoints.push_back({100 + 3.0 * static_cast<double>(t) + off * share(random),
                                   50 + 80 * static_cast<double>(p) + off * share(random),
                                   share(random)});
      }
    }
  }
  for (size_t m = 0; m < members.size(); ++m) {
    for (size_t t = count; t-- > 0;) {
      backwards[m].frame_index.push_back(members[m].frame_index.back() - members[m].frame_index[t]);
      for (const Keypoint& keypoint : members[m].row(t)) backwards[m].keypoints.push_back(keypoint);
    }
  }
  expect_reversed(track_of_poses(members).frames, track_of_poses(backwards).frames, kRounding,
                  kSearch);
}

}  // namespace
}  // namespace posse
