#include "consensus/track/track_watch.h"

#include <gtest/gtest.h>

#include <functional>

namespace posse {
namespace {

/// A video of two bodyparts, where position(frame, bodypart) is the track and member(...) what all
/// three members say.
TrackReport report_of(int frames, const std::function<Keypoint(int, int)>& position,
                      const std::function<Keypoint(int, int)>& member,
                      std::vector<std::vector<int>> groups = {}) {
  TrackWatch watch(2, std::move(groups), TrackOptions());
  for (int t = 0; t < frames; ++t) {
    TrackedFrame frame{.frame_index = 100 + t};
    std::vector<Keypoint> members;
    for (int p = 0; p < 2; ++p) {
      TrackedKeypoint keypoint;
      keypoint.keypoint = position(t, p);
      keypoint.seen = true;
      frame.keypoints.push_back(keypoint);
    }
    for (int m = 0; m < 3; ++m) {
      for (int p = 0; p < 2; ++p) members.push_back(member(t, p));
    }
    watch.push(frame, members, 1, 8);
  }
  return watch.finish();
}

const std::vector<std::string> kNames = {"left", "right"};

Keypoint resting(int, int part) { return {part == 0 ? 50.0 : 250.0, 80, 1}; }

TEST(TrackWatch, SaysNothingOfAQuietTrack) {
  const TrackReport report = report_of(100, resting, resting, {{0, 1}});
  EXPECT_EQ(report.num_frames, 100);
  EXPECT_EQ(report.jumps, (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(report.swaps, 0);
  EXPECT_TRUE(warnings_of(report, kNames).empty());
}

TEST(TrackWatch, TellsWhereJumpsPileUp) {
  const auto jumping = [](int t, int part) {
    if (part == 1 && t >= 20 && t < 26) return Keypoint{t % 2 == 0 ? 50.0 : 250.0, 80, 1};
    return resting(t, part);
  };
  const TrackReport report = report_of(100, jumping, jumping);
  EXPECT_EQ(report.jumps, (std::vector<int64_t>{0, 6}));
  ASSERT_EQ(report.jump_bursts.size(), 1U);
  EXPECT_EQ(report.jump_bursts[0].first_frame, 120);
  EXPECT_EQ(report.jump_bursts[0].last_frame, 125);
  const auto warnings = warnings_of(report, kNames);
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0], "the track jumps again and again: right in frames 120 to 125");
}

TEST(TrackWatch, TellsWhereTheTrackLeavesWhatMostMembersSay) {
  const auto away = [](int t, int part) {
    if (part == 0 && t >= 30 && t < 70) return Keypoint{50, 200, 1};
    return resting(t, part);
  };
  const TrackReport report = report_of(100, resting, away);
  EXPECT_EQ(report.against_most, (std::vector<int64_t>{40, 0}));
  ASSERT_EQ(report.departures.size(), 1U);
  EXPECT_EQ(report.departures[0].first_frame, 130);
  EXPECT_EQ(report.departures[0].last_frame, 169);
  const auto briefly = [](int t, int part) {
    return part == 0 && t % 40 < 20 ? Keypoint{50, 200, 1} : resting(t, part);
  };
  EXPECT_TRUE(report_of(100, resting, briefly).departures.empty());
}

TEST(TrackWatch, TellsWhereAGroupSwapsBackAndForth) {
  const auto swapping = [](int t, int part) {
    return resting(t, t >= 40 && t < 50 ? 1 - part : part);
  };
  const TrackReport report = report_of(100, swapping, swapping, {{0, 1}});
  EXPECT_EQ(report.swaps, 2);
  ASSERT_EQ(report.swap_bursts.size(), 1U);
  EXPECT_EQ(report.swap_bursts[0].first_frame, 140);
  EXPECT_EQ(report.swap_bursts[0].last_frame, 150);
  EXPECT_EQ(report_of(100, swapping, swapping).swaps, 0);  // no group
}

TEST(TrackWatch, TellsWhatMovesFasterThanAStep) {
  const auto fast = [](int t, int part) {
    return part == 0 ? Keypoint{40.0 * t, 80, 1} : resting(t, part);
  };
  const TrackReport report = report_of(100, fast, fast);
  EXPECT_EQ(report.fast, (std::vector<int64_t>{99, 0}));
  const auto warnings = warnings_of(report, kNames);
  EXPECT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("left often moves faster"), std::string::npos);
}

}  // namespace
}  // namespace posse
