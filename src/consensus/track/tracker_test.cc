#include "consensus/track/tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "base/error.h"
#include "consensus/track/evidence_finder.h"
#include "support/made_maps.h"

namespace posse {
namespace {

constexpr int kHeight = 30;
constexpr int kWidth = 40;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

MadeMember member_of(const std::vector<MadeBump>& bumps, int parts = 1) {
  return {kHeight, kWidth, parts, 8, bumps};
}

FrameEvidence evidence_of(const std::vector<MadeMember>& members) {
  std::vector<MemberMap> maps;
  for (const MadeMember& member : members) maps.push_back(member.map());
  return EvidenceFinder().find(maps);
}

std::vector<TrackedFrame> track(std::vector<FrameEvidence> video, size_t parts,
                                std::vector<std::vector<int>> groups = {},
                                TrackOptions options = {}) {
  Tracker tracker(parts, std::move(groups), options);
  std::vector<TrackedFrame> all;
  const auto keep = [&](std::vector<TrackedFrame> frames) {
    for (TrackedFrame& frame : frames) all.push_back(std::move(frame));
  };
  for (size_t t = 0; t < video.size(); ++t) {
    video[t].frame_index = static_cast<int64_t>(t);
    keep(tracker.push(std::move(video[t]), 1));
  }
  keep(tracker.finish());
  return all;
}

double x_at(int t) { return 60 + 2.0 * t; }

TEST(Tracker, FollowsThePartWhereMostMembersAreLostForAWhile) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 60; ++t) {
    const bool lost = t >= 20 && t < 30;
    const MadeBump truth{x_at(t), 80, lost ? 3.0 : 5.0, 0};
    const MadeBump ghost{260, 180, 5, 0};
    video.push_back(evidence_of({member_of({truth}), member_of({lost ? ghost : truth}),
                                 member_of({lost ? ghost : truth})}));
  }
  const auto frames = track(video, 1);
  ASSERT_EQ(frames.size(), 60U);
  for (int t = 0; t < 60; ++t) {
    const TrackedKeypoint& keypoint = frames[static_cast<size_t>(t)].keypoints[0];
    EXPECT_EQ(frames[static_cast<size_t>(t)].frame_index, t);
    EXPECT_TRUE(keypoint.seen) << t;
    EXPECT_GT(keypoint.chance, 0.9) << t;
    if (t >= 20 && t < 30) continue;
    EXPECT_NEAR(keypoint.keypoint.x, x_at(t), 0.1) << t;
    EXPECT_NEAR(keypoint.keypoint.y, 80, 0.1) << t;
  }
  // The two lost ones vote with what little they have near the track: the one that is right counts.
  EXPECT_NEAR(frames[25].votes[0].x, x_at(25), 0.1);
}

TEST(Tracker, WithoutWaitingItSaysWhatItSaysWithAFramesDelay) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 30; ++t) {
    const MadeBump truth{x_at(t), 80, t % 7 == 3 ? 1.0 : 5.0, 0};
    video.push_back(evidence_of({member_of({truth}), member_of({{260, 180, 4, 0}})}));
    video.back().frame_index = t;
  }
  TrackOptions options;
  options.tracker.lag = 0;
  const auto delayed = track(video, 1, {}, options);
  Tracker tracker(1, {}, options);
  ASSERT_EQ(delayed.size(), video.size());
  // The last one counts more with a delay, which knows that nothing follows.
  for (size_t t = 0; t + 1 < video.size(); ++t) {
    const TrackedFrame frame = tracker.push_causal(video[t], 1);
    EXPECT_EQ(frame.frame_index, static_cast<int64_t>(t));
    EXPECT_EQ(frame.keypoints[0].keypoint.x, delayed[t].keypoints[0].keypoint.x) << t;
    EXPECT_EQ(frame.keypoints[0].chance, delayed[t].keypoints[0].chance) << t;
    EXPECT_EQ(frame.keypoints[0].chance_seen, delayed[t].keypoints[0].chance_seen) << t;
  }
  Tracker looks_ahead(1, {});
  EXPECT_THROW(looks_ahead.push_causal(video[0], 1), Error);
}

TEST(Tracker, PartsThatCrossDoNotTakeOnePlace) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 60; ++t) {
    // Both members of three take part 0 for part 1 in the middle.
    const MadeBump zero{40 + 2.0 * t, 80, 5, 0};
    const MadeBump one{40 + 2.0 * t, 160, 5, 1};
    const MadeBump mistaken{one.x, one.y, 5, 0};
    const MadeBump left{zero.x, zero.y, 1, 0};
    const bool lost = t >= 20 && t < 40;
    const MadeMember right = member_of({zero, one}, 2);
    const MadeMember wrong =
        member_of(lost ? std::vector{mistaken, left, one} : std::vector{zero, one}, 2);
    video.push_back(evidence_of({right, wrong, wrong}));
  }
  for (const TrackedFrame& frame : track(video, 2, {{0, 1}})) {
    const auto t = static_cast<double>(frame.frame_index);
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, 40 + 2 * t, 0.1);
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, 80, 0.1) << t;
    EXPECT_NEAR(frame.keypoints[1].keypoint.y, 160, 0.1) << t;
  }
}

TEST(Tracker, PartsOfAGroupThatMeetDoNotPushOneAnotherAway) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 60; ++t) {
    // They come as near as 17 px, a box's half width is 20; one member sees part 1 at a stain.
    const double apart = 17 + 2.0 * std::abs(t - 30);
    const MadeBump zero{40 + 2.0 * t, 80, 5, 0};
    const MadeBump one{40 + 2.0 * t, 80 + apart, 4, 1};
    const MadeMember right = member_of({zero, one}, 2);
    video.push_back(evidence_of({right, right, member_of({zero, {260, 40, 5, 1}}, 2)}));
  }
  for (const TrackedFrame& frame : track(video, 2, {{0, 1}})) {
    const auto t = static_cast<double>(frame.frame_index);
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, 80, 0.1) << t;
    EXPECT_NEAR(frame.keypoints[1].keypoint.y, 97 + 2 * std::abs(t - 30), 0.1) << t;
  }
}

TEST(Tracker, APartThatIsGoneIsNotSeen) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 90; ++t) {
    const bool gone = t >= 30 && t < 60;
    std::vector<MadeBump> bumps;
    if (!gone) bumps.push_back({100, 80, 5, 0});
    video.push_back(evidence_of(std::vector<MadeMember>(3, member_of(bumps))));
  }
  const auto frames = track(video, 1);
  EXPECT_GT(frames[10].keypoints[0].chance_seen,
            0.9);  // the most that a likelihood of 1 says is 0.93
  EXPECT_LT(frames[45].keypoints[0].chance_seen, 0.05);
  EXPECT_FALSE(frames[45].keypoints[0].seen);
  EXPECT_TRUE(std::isnan(frames[45].votes[0].x));
  EXPECT_TRUE(std::isfinite(frames[45].keypoints[0].keypoint.x));  // written all the same
  EXPECT_TRUE(frames[80].keypoints[0].seen);
}

TEST(Tracker, TheSecondPlaceIsStatedWhereItIsLikely) {
  const MadeMember here = member_of({{60, 80, 5, 0}});
  const MadeMember there = member_of({{220, 160, 5, 0}});
  const auto frames = track({evidence_of({here, here, there})}, 1);
  const TrackedKeypoint& keypoint = frames[0].keypoints[0];
  EXPECT_NEAR(keypoint.keypoint.x, 60, 0.1);
  ASSERT_TRUE(keypoint.second.has_value());
  EXPECT_NEAR(keypoint.second->x, 220, 0.1);
  EXPECT_NEAR(keypoint.chance / keypoint.second->chance, 2, 0.1);
  // The covariance knows of it: a third of the way squared.
  EXPECT_NEAR(keypoint.covariance.xx, 160 * 160 / 3.0, 900);
  const auto sure = track({evidence_of({here, here, here})}, 1);
  EXPECT_FALSE(sure[0].keypoints[0].second.has_value());
  EXPECT_LT(sure[0].keypoints[0].covariance.xx, 64);
}

TEST(EvidencePower, IsTheEffectiveShareOfCorrelatedValues) {
  // The variance of the mean of many values that correlate by r, r^2, ... is (1 + r) / (1 - r)
  // times that of independent ones.
  const double r = 0.4;
  double factor = 1;
  for (int k = 1; k < 200; ++k) factor += 2 * std::pow(r, k);
  EXPECT_NEAR(evidence_power(r, 1, 1), 1 / factor, 1e-9);
  EXPECT_NEAR(evidence_power(r, 2, 2), evidence_power(r * r, 1, 1), 1e-12);  // every second of them
  EXPECT_EQ(evidence_power(0, 1, 2), 1);
  EXPECT_EQ(evidence_power(r, {}, {}), 1);
  EXPECT_NEAR(evidence_power(1.0 / 3, 1, 1), 0.5, 1e-12);
  EXPECT_NEAR(evidence_power(1.0 / 3, {}, 1), 0.75, 1e-12);
}

TEST(EvidencePower, IsTheWeightInTheBestMeanOfValuesAtUnevenTimes) {
  // The best mean of values with covariance C has weights in proportion to the solution of C w = 1
  // (Gauss and Markov), and the variance 1 / sum(w).
  const double r = 0.3;
  const std::vector<double> times = {0, 1, 1.5, 4, 6};
  std::vector<double> sums(times.size(), 0.0);  // C w, which is to be 1
  for (size_t i = 0; i < times.size(); ++i) {
    for (size_t j = 0; j < times.size(); ++j) {
      const auto gap = [&](size_t k) { return times[k] - times[k - 1]; };
      const auto before = j == 0 ? std::nullopt : std::optional(gap(j));
      const auto after = j + 1 == times.size() ? std::nullopt : std::optional(gap(j + 1));
      sums[i] += std::pow(r, std::abs(times[i] - times[j])) * evidence_power(r, before, after);
    }
  }
  for (const double sum : sums) EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Tracker, MembersThatAreLostTogetherForLongCostLessThanTheyWouldEachFrameAlone) {
  // Four of five members point elsewhere together for 24 frames: two jumps pay if each frame stands
  // for itself.
  std::vector<FrameEvidence> video;
  const MadeMember right = member_of({{100, 80, 5, 0}});
  const MadeMember wrong = member_of({{250, 160, 5, 0}, {100, 80, -1, 0}});
  for (int t = 0; t < 60; ++t) {
    const MadeMember& other = t >= 20 && t < 44 ? wrong : right;
    video.push_back(evidence_of({right, other, other, other, other}));
  }
  for (const TrackedFrame& frame : track(video, 1))
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, 100, 1) << frame.frame_index;
  TrackOptions alone;
  alone.error_memory = 0;
  EXPECT_NEAR(track(video, 1, {}, alone)[25].keypoints[0].keypoint.x, 250, 1);
}

TEST(Tracker, ASingleFrameIsTracked) {
  const auto frames = track({evidence_of({member_of({{60, 80, 5, 0}})})}, 1);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_NEAR(frames[0].keypoints[0].keypoint.x, 60, 0.1);
  EXPECT_EQ(frames[0].keypoints[0].num_members, 1);
}

TEST(Tracker, FramesWithoutAnyVoteAreMissingAndDoNotStopIt) {
  MadeMember broken = member_of({});
  broken.fill(0, kNan);
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 30; ++t) {
    video.push_back(evidence_of({t >= 10 && t < 20 ? broken : member_of({{100, 80, 5, 0}})}));
  }
  const auto frames = track(video, 1);
  EXPECT_TRUE(std::isnan(frames[15].keypoints[0].keypoint.x));
  EXPECT_EQ(frames[15].keypoints[0].keypoint.likelihood, 0);
  EXPECT_EQ(frames[15].keypoints[0].num_members, 0);
  EXPECT_NEAR(frames[25].keypoints[0].keypoint.x, 100, 0.1);
  const auto none = track(std::vector<FrameEvidence>(5, evidence_of({broken, broken})), 1);
  EXPECT_TRUE(std::isnan(none[3].keypoints[0].keypoint.x));
  EXPECT_TRUE(std::isfinite(none[3].keypoints[0].chance_seen));
}

TEST(Tracker, ASingleFrameWithoutAnyVoteIsMissing) {
  MadeMember broken = member_of({}, 2);
  broken.fill(0, kNan);
  broken.fill(1, kNan);
  const auto frames = track({evidence_of({broken, broken})}, 2, {{0, 1}});
  ASSERT_EQ(frames.size(), 1U);
  for (const TrackedKeypoint& keypoint : frames[0].keypoints) {
    EXPECT_TRUE(std::isnan(keypoint.keypoint.x));
    EXPECT_FALSE(keypoint.second.has_value());
    EXPECT_EQ(keypoint.chance, 0);
    EXPECT_NEAR(keypoint.chance_seen, 0.5, 1e-12);
  }
}

TEST(Tracker, MembersOfDifferentGridsAreTrackedTogether) {
  // Strides 8 and 16; most of each kind is lost in a third of the video.
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 60; ++t) {
    const MadeBump truth{x_at(t), 80, 5, 0};
    const MadeBump ghost{260, 180, 4, 0};
    const MadeMember fine = member_of({t >= 20 && t < 30 ? ghost : truth});
    const MadeMember coarse(kHeight / 2, kWidth / 2, 1, 16, {t >= 40 && t < 50 ? ghost : truth});
    video.push_back(evidence_of({fine, coarse, t % 2 == 0 ? fine : coarse}));
  }
  for (const TrackedFrame& frame : track(video, 1)) {
    EXPECT_EQ(frame.stride, 8);
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, x_at(static_cast<int>(frame.frame_index)), 0.2);
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, 80, 0.2);
  }
}

TEST(Tracker, AVideoOfOneCellIsTracked) {
  for (const TrackedFrame& frame : track(
           std::vector<FrameEvidence>(5, evidence_of({MadeMember(1, 1, 1, 8, {{4, 4, 5, 0}})})), 1))
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, 4, 0.1);
}

/// Members that are right, one that is dead (NaN) and one of pure noise.
std::vector<FrameEvidence> with_bad_members(int good, bool dead, bool noisy) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> pixel(0, 1);
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 40; ++t) {
    std::vector<MadeMember> members(static_cast<size_t>(good), member_of({{x_at(t), 80, 5, 0}}));
    if (dead) {
      members.push_back(member_of({}));
      members.back().fill(0, kNan);
    }
    if (noisy) members.push_back(member_of({{320 * pixel(random), 240 * pixel(random), 5, 0}}));
    video.push_back(evidence_of(members));
  }
  return video;
}

TEST(Tracker, ADeadMemberAndOneOfNoiseDoNotMoveIt) {
  for (const TrackedFrame& frame : track(with_bad_members(3, true, true), 1)) {
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, x_at(static_cast<int>(frame.frame_index)), 0.1);
  }
}

TEST(Tracker, FiftyMembersAreTracked) {
  for (const TrackedFrame& frame : track(with_bad_members(50, false, false), 1)) {
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, x_at(static_cast<int>(frame.frame_index)), 0.1);
    EXPECT_EQ(frame.keypoints[0].num_members, 50);
  }
}

TEST(Tracker, RefusesGroupsThatCannotBe) {
  EXPECT_THROW(Tracker(3, {{0, 3}}), Error);
  EXPECT_THROW(Tracker(3, {{0, 1}, {1, 2}}), Error);
  EXPECT_THROW(Tracker(3, {{}}), Error);
  std::vector<int> twenty;
  for (int p = 0; p < 20; ++p) twenty.push_back(p);
  EXPECT_THROW(Tracker(20, {twenty}), Error);
  TrackOptions options;
  options.tracker.motion.hide = 2;
  EXPECT_THROW(Tracker(3, {}, options), Error);
}

TEST(Tracker, OtherPartsAreTrackedAlone) {
  const Tracker tracker(4, {{2, 0}});
  EXPECT_EQ(tracker.groups(), (std::vector<std::vector<int>>{{0, 2}, {1}, {3}}));
}

}  // namespace
}  // namespace posse
