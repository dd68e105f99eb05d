#include "consensus/track/agreeing_views.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "consensus/track/evidence_finder.h"
#include "consensus/track/tracker.h"
#include "support/made_maps.h"

namespace posse {
namespace {

FrameEvidence evidence_of(const std::vector<std::vector<MadeBump>>& members) {
  std::vector<MadeMember> made;
  for (const auto& bumps : members) made.emplace_back(30, 40, 2, 8, bumps);
  std::vector<MemberMap> maps;
  for (const MadeMember& member : made) maps.push_back(member.map());
  return EvidenceFinder().find(maps);
}

/// Of a bodypart at its own place near x.
double mass_at(const FrameEvidence& frame, int bodypart, double x) {
  for (const PlaceEvidence& evidence : frame.evidence) {
    const Place& place = frame.places[static_cast<size_t>(evidence.place)];
    if (evidence.bodypart != bodypart || place.bodypart != bodypart) continue;
    if (std::abs(place.x - x) < 8) return static_cast<double>(evidence.mass);
  }
  return 0;
}

const std::vector<ViewPair> kViews = {{.a = 0, .b = 1, .geometry = same_x_geometry()}};

TEST(AgreeingViews, APlaceThatTheOtherViewSpeaksAgainstLosesEvidence) {
  // One of the members sees part 0 at x = 220, all see part 1 at x = 60, with which 60 agrees.
  const std::vector<MadeBump> right = {{60, 60, 5, 0}, {60, 180, 5, 1}};
  FrameEvidence frame = evidence_of({right, {{220, 60, 5, 0}, {60, 180, 5, 1}}});
  const double near = mass_at(frame, 0, 60);
  const double far = mass_at(frame, 0, 220);
  const double seen = 0.05 + 0.95 * (1 - 1 / (1 + std::exp(-5)));  // disagreement is possible
  let_views_agree(kViews, {}, frame);
  // The bumps' tails lie outside the box: places of their own, 3 % of the evidence.
  EXPECT_NEAR(mass_at(frame, 0, 60), near, 0.04 * near);
  EXPECT_NEAR(mass_at(frame, 0, 220), seen * far, 0.04 * far);
  // Half of the evidence for part 0 is far from part 1.
  EXPECT_LT(mass_at(frame, 1, 60), 0.6 * 60);
}

TEST(AgreeingViews, AViewThatNobodySeesSaysNothing) {
  FrameEvidence frame = evidence_of({{{60, 60, 5, 0}, {60, 180, -8, 1}}});
  const double before = mass_at(frame, 0, 60);
  let_views_agree(kViews, {}, frame);
  EXPECT_NEAR(mass_at(frame, 0, 60), before, 0.01 * before);
}

TEST(AgreeingViews, TheOrderOfTheViewsDoesNotMatter) {
  FrameEvidence one =
      evidence_of({{{60, 60, 5, 0}, {80, 180, 2, 1}}, {{90, 60, 3, 0}, {200, 180, 5, 1}}});
  FrameEvidence other = one;
  let_views_agree(kViews, {}, one);
  let_views_agree(std::vector<ViewPair>{{.a = 1, .b = 0, .geometry = same_x_geometry()}}, {},
                  other);
  for (size_t i = 0; i < one.evidence.size(); ++i)
    EXPECT_EQ(one.evidence[i].mass, other.evidence[i].mass);
}

TEST(AgreeingViews, ItDecidesWhereTheMembersAreSplit) {
  std::vector<FrameEvidence> video;
  for (int t = 0; t < 20; ++t) {
    const std::vector<MadeBump> wrong = {{220, 60, 5, 0}, {60, 180, 5, 1}};
    video.push_back(evidence_of({{{60, 60, 5, 0}, {60, 180, 5, 1}}, wrong, wrong}));
  }
  const auto x_of = [&](bool agree) {
    Tracker tracker(2, {});
    std::vector<TrackedFrame> frames;
    for (FrameEvidence frame : video) {
      if (agree) let_views_agree(kViews, {}, frame);
      for (TrackedFrame& tracked : tracker.push(std::move(frame), 1)) frames.push_back(tracked);
    }
    for (TrackedFrame& tracked : tracker.finish()) frames.push_back(tracked);
    return frames[10].keypoints[0].keypoint.x;
  };
  EXPECT_NEAR(x_of(false), 220, 1);
  EXPECT_NEAR(x_of(true), 60, 1);
}

}  // namespace
}  // namespace posse
