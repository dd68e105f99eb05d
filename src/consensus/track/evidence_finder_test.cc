#include "consensus/track/evidence_finder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "consensus/track/evidence_bytes.h"
#include "keypoints/scoremap.h"
#include "support/made_maps.h"

namespace posse {
namespace {

constexpr int kHeight = 20;
constexpr int kWidth = 30;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

MadeMember member_at(double x, double y, double height = 5) {
  return {kHeight, kWidth, 1, 8, {{x, y, height, 0}}};
}

FrameEvidence find(const std::vector<MadeMember>& members, DecodeRule rule = DecodeRule::dlc) {
  std::vector<MemberMap> maps;
  for (const MadeMember& member : members) maps.push_back(member.map(rule));
  return EvidenceFinder().find(maps);
}

TEST(EvidenceFinder, AnAgreedPointIsThePlaceAndEveryMembersVote) {
  const FrameEvidence frame = find({member_at(101, 60), member_at(101, 60), member_at(101, 60)});
  ASSERT_FALSE(frame.places.empty());
  EXPECT_EQ(frame.places[0].x, 100);
  EXPECT_EQ(frame.places[0].y, 60);
  EXPECT_EQ(frame.num_cells, kHeight * kWidth);
  for (int m = 0; m < 3; ++m) {
    // The location refinement points at the bump; votes are kept to 1/64 px.
    EXPECT_NEAR(frame.votes_of(0)[m].x, 101, 1.0 / 128);
    EXPECT_NEAR(frame.votes_of(0)[m].y, 60, 1.0 / 128);
    EXPECT_NEAR(frame.votes_of(0)[m].likelihood, sigmoid(5 - 1.0 / 192), 1e-5);
  }
}

TEST(EvidenceFinder, MassIsTheMixturesInClosedForm) {
  const std::vector<MadeMember> members = {member_at(100, 60, 3), member_at(180, 100, -1)};
  const FrameEvidence frame = find(members);
  double in_box = 0;
  double background = 0;
  for (const MadeMember& member : members) {
    const MemberMap map = member.map();
    double all = 0;
    double near = 0;
    double highest = -100;
    for (int row = 0; row < kHeight; ++row) {
      for (int col = 0; col < kWidth; ++col) {
        const double logit = map.map.logit(row, col, 0);
        all += std::exp(logit);
        highest = std::max(highest, logit);
        if (std::abs(row - 7) <= 2 && std::abs(col - 12) <= 2) near += std::exp(logit);
      }
    }
    const double vote = sigmoid(highest);
    in_box += 0.5 * (vote * near / all + (1 - vote) * 25 / (kHeight * kWidth));
    background += 0.5 * (1 - vote);
  }
  ASSERT_EQ(frame.places[0].x, 100);
  EXPECT_NEAR(frame.evidence[0].mass, in_box * kHeight * kWidth / 25, 1e-4);
  EXPECT_NEAR(frame.background[0], background, 1e-6);
}

TEST(EvidenceFinder, AMemberThatSeesNothingSaysNothing) {
  const FrameEvidence frame = find({member_at(100, 60), member_at(40, 40, -8)});
  EXPECT_EQ(frame.places[0].x, 100);
  EXPECT_GT(frame.places[0].height, 20);
  EXPECT_EQ(std::ranges::count_if(frame.places, [](const Place& p) { return p.x < 60; }), 0);
}

TEST(EvidenceFinder, BothPlacesOfMembersThatDisagreeAreKept) {
  const FrameEvidence frame =
      find({member_at(60, 60), member_at(60, 60), member_at(200, 100), member_at(200, 100)});
  std::vector<double> x;
  for (const Place& place : frame.places) x.push_back(place.x);
  EXPECT_NE(std::ranges::find(x, 60), x.end());
  EXPECT_NE(std::ranges::find(x, 196), x.end());
  EXPECT_LE(frame.places.size(), static_cast<size_t>(kMostOwnPlaces));
}

TEST(EvidenceFinder, TheOrderOfMembersDoesNotMatter) {
  const auto a = find({member_at(60, 60), member_at(62, 60), member_at(200, 100)});
  const auto b = find({member_at(200, 100), member_at(60, 60), member_at(62, 60)});
  ASSERT_EQ(a.places.size(), b.places.size());
  for (size_t i = 0; i < a.evidence.size(); ++i) {
    EXPECT_NEAR(a.evidence[i].mass, b.evidence[i].mass, 1e-4);
    for (int m = 0; m < 3; ++m) {
      EXPECT_EQ(a.votes_of(i)[m].x, b.votes_of(i)[(m + 1) % 3].x);
      EXPECT_EQ(a.votes_of(i)[m].y, b.votes_of(i)[(m + 1) % 3].y);
    }
  }
}

TEST(EvidenceFinder, AMemberWithNanDoesNotVote) {
  MadeMember broken = member_at(40, 40);
  broken.logits()[17] = kNan;
  const FrameEvidence with = find({member_at(100, 60), broken});
  const FrameEvidence without = find({member_at(100, 60)});
  ASSERT_EQ(with.places.size(), without.places.size());
  EXPECT_EQ(with.background, without.background);
  EXPECT_EQ(with.evidence[0].mass, without.evidence[0].mass);
  EXPECT_TRUE(std::isnan(with.votes_of(0)[1].x));
  EXPECT_EQ(with.votes_of(0)[1].likelihood, 0);
}

TEST(EvidenceFinder, WithoutAnyVoteThereIsNoPlace) {
  MadeMember broken = member_at(40, 40);
  broken.fill(0, kNan);
  MadeMember empty = member_at(40, 40);
  empty.fill(0, -std::numeric_limits<float>::infinity());
  const FrameEvidence frame = find({broken, empty});
  EXPECT_TRUE(frame.places.empty());
  EXPECT_TRUE(frame.evidence.empty());
  EXPECT_TRUE(std::isnan(frame.background[0]));
}

TEST(EvidenceFinder, AMapThatSaysNothingStillHasOnePlace) {
  MadeMember flat = member_at(40, 40);
  flat.fill(0, -4);
  EXPECT_EQ(find({flat}).places.size(), 1U);
}

TEST(EvidenceFinder, InfiniteLogitsTakeAllTheMass) {
  MadeMember sure = member_at(40, 40);
  sure.logits()[5 * kWidth + 9] = std::numeric_limits<float>::infinity();
  const FrameEvidence frame = find({sure});
  EXPECT_EQ(frame.places[0].x, pixel_from_cell(9, 8));
  EXPECT_EQ(frame.places[0].y, pixel_from_cell(5, 8));
  EXPECT_NEAR(frame.background[0], 0, 1e-12);
}

TEST(EvidenceFinder, SoftArgmaxMembersVoteWithTheLocalExpectation) {
  const FrameEvidence frame = find({member_at(102, 61)}, DecodeRule::dgp);
  // A bump of variance 1.5 cells² cut at two cells: the expectation is drawn towards the middle.
  EXPECT_NEAR(frame.votes_of(0)[0].x, 102, 1);
  EXPECT_NEAR(frame.votes_of(0)[0].y, 61, 1);
}

TEST(EvidenceFinder, SoftArgmaxMembersCountByTheirStatedLikelihood) {
  const MadeMember member = member_at(100, 60);
  const std::vector<MemberMap> maps = {member.map(DecodeRule::dgp)};
  const std::vector<Keypoint> stated = {{100, 60, 0.25}};
  EXPECT_NEAR(EvidenceFinder().find(maps, stated).background[0], 0.75, 1e-6);
}

TEST(EvidenceFinder, MembersOfAnotherGridMeetOnTheFinest) {
  const MadeMember fine = member_at(100, 60);
  const MadeMember coarse(10, 15, 1, 16, {{102, 62, 5, 0}});
  const std::vector<MemberMap> maps = {coarse.map(), fine.map()};
  const FrameEvidence frame = EvidenceFinder().find(maps);
  EXPECT_EQ(frame.stride, 8);
  EXPECT_EQ(frame.num_cells, kHeight * kWidth);
  EXPECT_NEAR(frame.places[0].x, 100, 8);
  EXPECT_NEAR(frame.votes_of(0)[0].x, 102, 1.0 / 64);
  EXPECT_NEAR(frame.votes_of(0)[1].x, 100, 1.0 / 64);
}

TEST(EvidenceFinder, AnotherOrderOfColumnsIsTheSame) {
  const std::vector<MadeBump> bumps = {{60, 60, 5, 0}, {180, 100, 4, 1}};
  const std::vector<MadeBump> turned = {{60, 60, 5, 1}, {180, 100, 4, 0}};
  const MadeMember plain(kHeight, kWidth, 2, 8, bumps);
  const MadeMember other(kHeight, kWidth, 2, 8, turned);
  const std::vector<int> columns = {1, 0};
  MemberMap map = other.map();
  map.column_of_bodypart = columns;
  const FrameEvidence a = EvidenceFinder().find(std::vector{plain.map()});
  const FrameEvidence b = EvidenceFinder().find(std::vector{map});
  EXPECT_EQ(evidence_bytes(a), evidence_bytes(b));
}

TEST(EvidenceFinder, RefusesWhatDoesNotFit) {
  EXPECT_THROW(EvidenceFinder().find({}), Error);
  const MadeMember one = member_at(60, 60);
  const MadeMember two(kHeight, kWidth, 2, 8, {});
  EXPECT_THROW(EvidenceFinder().find(std::vector{one.map(), two.map()}), Error);
}

TEST(EvidenceBytes, ComeBackExactly) {
  MadeMember broken = member_at(40, 40);
  broken.fill(0, kNan);
  const FrameEvidence frame =
      find({member_at(61, 60), member_at(66, 63), member_at(200, 100, 1), broken});
  const auto bytes = evidence_bytes(frame);
  const FrameEvidence back = evidence_from_bytes(bytes, 4, 1);
  EXPECT_EQ(evidence_bytes(back), bytes);
  EXPECT_EQ(back.background, frame.background);
  for (size_t i = 0; i < frame.evidence.size(); ++i) {
    EXPECT_EQ(back.evidence[i].mass, frame.evidence[i].mass);
    for (int m = 0; m < 3; ++m) EXPECT_EQ(back.votes_of(i)[m].x, frame.votes_of(i)[m].x);
    EXPECT_TRUE(std::isnan(back.votes_of(i)[3].x));
  }
  EXPECT_LT(bytes.size(), 500U);
}

TEST(EvidenceBytes, RefuseWhatIsDamaged) {
  const auto bytes = evidence_bytes(find({member_at(61, 60)}));
  EXPECT_THROW(evidence_from_bytes(bytes, 2, 1), Error);
  EXPECT_THROW(evidence_from_bytes(bytes, 1, 3), Error);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(evidence_from_bytes(std::span(bytes).first(length), 1, 1), Error) << length;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_THROW(evidence_from_bytes(longer, 1, 1), Error);
  auto wild = bytes;
  wild[4] = 0xFF;  // number of places
  EXPECT_THROW(evidence_from_bytes(wild, 1, 1), Error);
}

}  // namespace
}  // namespace posse
