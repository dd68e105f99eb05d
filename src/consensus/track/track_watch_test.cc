#include "consensus/track/track_watch.h"

#include <gtest/gtest.h>

#include <cmath>
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

TEST(TrackWatch, SaysThatOneFrameIsTooShort) {
  const auto warnings = warnings_of(report_of(1, resting, resting), kNames, "--method");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(
      warnings[0],
      "one frame is too short for a track: there is nothing to follow; --method mean or median");
}

TEST(TrackWatch, TellsOfATrackThatSeesNextToNothing) {
  TrackReport report = report_of(100, resting, resting);
  report.hidden = {90, 90};
  EXPECT_TRUE(warnings_of(report, kNames).empty());
  report.hidden = {100, 90};
  const auto warnings = warnings_of(report, kNames);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].substr(0, 47), "95 % of all keypoints are not seen by the track");
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
  EXPECT_EQ(report.agreed_steps, (std::vector<int64_t>{99, 99}));
  EXPECT_FALSE(looks_like_no_video(report));  // only one of two
  const auto warnings = warnings_of(report, kNames);
  EXPECT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("left often moves faster"), std::string::npos);
}

/// An animal that walks round in 100 frames, its parts on opposite sides.
Keypoint walking(int t, int part) {
  const double angle = 0.063 * t + 3.14 * part;
  return {160 + 100 * std::cos(angle), 120 + 80 * std::sin(angle), 1};
}

/// The frames of that walk out of order: 37 is prime to 100, all are there.
Keypoint shuffled(int t, int part) { return walking(37 * t % 100, part); }

TEST(TrackWatch, TellsPicturesOfDifferentScenesFromAVideo) {
  EXPECT_TRUE(warnings_of(report_of(100, walking, walking), kNames).empty());
  const TrackReport report = report_of(100, resting, shuffled);
  EXPECT_EQ(report.fast, (std::vector<int64_t>{99, 99}));
  EXPECT_TRUE(looks_like_no_video(report));
  const auto warnings = warnings_of(report, kNames);
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings.back(),
            "successive frames do not look like a video, most bodyparts step beyond what a track "
            "allows (left in 99 of 99 steps, right in 99 of 99 steps): --consensus mean or median");
  EXPECT_NE(warnings_of(report, kNames, "--method").back().find("--method mean"),
            std::string::npos);
}

TEST(TrackWatch, TakesCutsAndDartsForAVideo) {
  const auto cut = [](int t, int part) { return walking(t / 10 * 37 + t % 10, part); };
  const TrackReport report = report_of(100, cut, cut);
  EXPECT_EQ(report.fast, (std::vector<int64_t>{9, 9}));
  EXPECT_FALSE(looks_like_no_video(report));
  EXPECT_FALSE(looks_like_no_video(report_of(1, walking, walking)));
}

TEST(TrackWatch, JudgesByTheStepsOnWhichMembersAgree) {
  // Members agree in the first three frames alone: two agreed steps, both fast.
  TrackWatch watch(1, {}, TrackOptions());
  for (int t = 0; t < 12; ++t) {
    TrackedFrame frame{.frame_index = t};
    frame.keypoints.resize(1);
    const Keypoint agreed = shuffled(t, 0);
    Keypoint other = agreed;
    if (t > 2) other.x += 60;
    watch.push(frame, std::vector<Keypoint>{agreed, agreed, other}, 1, 8);
  }
  const TrackReport report = watch.finish();
  EXPECT_EQ(report.agreed_steps, (std::vector<int64_t>{2}));
  EXPECT_EQ(report.fast, (std::vector<int64_t>{2}));
  EXPECT_TRUE(looks_like_no_video(report));
}

}  // namespace
}  // namespace posse
