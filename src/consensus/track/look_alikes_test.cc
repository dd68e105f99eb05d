#include "consensus/track/look_alikes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "consensus/track/evidence_finder.h"
#include "support/made_maps.h"

namespace posse {
namespace {

using Groups = std::vector<std::vector<int>>;

/// A frame of bodyparts at places, as two members see it; the second takes part `wrong` for
/// `for_part`.
FrameEvidence frame_of(const std::vector<MadeBump>& truth, int wrong = -1, int for_part = -1) {
  const auto parts = static_cast<int>(truth.size());
  std::vector<MadeBump> mistaken = truth;
  if (wrong >= 0) {
    mistaken[static_cast<size_t>(wrong)].x = truth[static_cast<size_t>(for_part)].x;
    mistaken[static_cast<size_t>(wrong)].y = truth[static_cast<size_t>(for_part)].y;
    mistaken[static_cast<size_t>(wrong)].height = 3;
  }
  const MadeMember right(30, 40, parts, 8, truth);
  const MadeMember other(30, 40, parts, 8, mistaken);
  return EvidenceFinder().find(std::vector{right.map(), other.map()});
}

TEST(LookAlikes, PartsTakenForOneAnotherAreAGroup) {
  LookAlikes look_alikes(4);
  for (int t = 0; t < 40; ++t) {
    const std::vector<MadeBump> truth = {
        {40, 40, 5, 0}, {120, 60, 5, 1}, {200, 40, 5, 2}, {250, 200, 5, 3}};
    look_alikes.add(t % 4 == 0   ? frame_of(truth, 0, 1)
                    : t % 4 == 1 ? frame_of(truth, 2, 1)
                                 : frame_of(truth));
  }
  EXPECT_EQ(look_alikes.groups(), (Groups{{0, 1, 2}}));
  // Half of the evidence in a quarter of the frames, less the bump's tails outside the box.
  EXPECT_LT(look_alikes.confusion(0, 1), 0.125);
  EXPECT_GT(look_alikes.confusion(0, 1), 0.1);
  EXPECT_NEAR(look_alikes.confusion(1, 0), 0, 0.01);
  EXPECT_EQ(look_alikes.together(0, 1), 0);
}

TEST(LookAlikes, PartsCloseByNatureAreNone) {
  LookAlikes look_alikes(2);
  for (int t = 0; t < 40; ++t) {
    const std::vector<MadeBump> truth = {{40, 40, 5, 0}, {56, 40, 5, 1}};
    look_alikes.add(t % 4 == 0 ? frame_of({{40, 40, 5, 0}, {156, 40, 5, 1}}, 0, 1)
                               : frame_of(truth));
  }
  EXPECT_GT(look_alikes.confusion(0, 1), 0.1);
  EXPECT_NEAR(look_alikes.together(0, 1), 0.75, 1e-9);
  EXPECT_TRUE(look_alikes.groups().empty());
}

TEST(LookAlikes, AThirdPartDoesNotBringCloseOnesTogether) {
  LookAlikes look_alikes(3);
  for (int t = 0; t < 40; ++t) {
    const std::vector<MadeBump> truth = {{40, 40, 5, 0}, {48, 40, 5, 1}, {200, 60, 5, 2}};
    look_alikes.add(t % 2 == 0   ? frame_of(truth, 0, 2)
                    : t % 8 == 1 ? frame_of(truth, 1, 2)
                                 : frame_of(truth));
  }
  EXPECT_EQ(look_alikes.groups(), (Groups{{0, 2}}));
}

/// Two bodyparts 16 px apart, of which members take one for the other in every second frame.
LookAlikes crossed_pair(LookAlikeOptions options = {}) {
  LookAlikes look_alikes(3, options);
  for (int t = 0; t < 40; ++t) {
    const std::vector<MadeBump> truth = {{40, 40, 5, 0}, {56, 40, 5, 1}, {200, 60, 5, 2}};
    const std::vector<MadeBump> wrong = {{56, 40, 5, 0}, {56, 40, 5, 1}, {200, 60, 5, 2}};
    const MadeMember right(30, 40, 3, 8, truth);
    const MadeMember other(30, 40, 3, 8, t % 2 == 0 ? wrong : truth);
    look_alikes.add(
        EvidenceFinder().find(std::vector{right.map(), right.map(), right.map(), other.map()}));
  }
  return look_alikes;
}

TEST(LookAlikes, CloseOnesAreAGroupWhereMembersTakeOneForTheOther) {
  const LookAlikes look_alikes = crossed_pair();
  EXPECT_EQ(look_alikes.together(0, 1), 1);
  // Of the four votes of the one, one in half of the frames; of the other's none.
  EXPECT_NEAR(look_alikes.crossed(0, 1), 1.0 / 16, 1e-9);
  EXPECT_EQ(look_alikes.crossed(1, 0), look_alikes.crossed(0, 1));
  EXPECT_EQ(look_alikes.crossed(0, 2), 0);
  EXPECT_EQ(look_alikes.groups(), (Groups{{0, 1}}));
  EXPECT_TRUE(crossed_pair({.least_crossed = 0.1}).groups().empty());
}

TEST(LookAlikes, CloseOnesOfAGivenGroupAreToldUnlessTheyAreCrossed) {
  EXPECT_TRUE(crossed_pair().close_pairs({{0, 1, 2}}).empty());
  using Pairs = std::vector<std::pair<int, int>>;
  EXPECT_EQ(crossed_pair({.least_crossed = 0.1}).close_pairs({{0, 1, 2}}), (Pairs{{0, 1}}));
  EXPECT_TRUE(crossed_pair({.least_crossed = 0.1}).close_pairs({{0, 2}}).empty());
}

TEST(LookAlikes, NothingSeenIsNoGroup) {
  LookAlikes look_alikes(3);
  EXPECT_TRUE(look_alikes.groups().empty());
  EXPECT_EQ(look_alikes.confusion(0, 1), 0);
  EXPECT_EQ(look_alikes.together(0, 1), 0);
}

}  // namespace
}  // namespace posse
