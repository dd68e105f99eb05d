#include "consensus/scoremap_consensus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/scoremaps.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using testing::bump_map;
using testing::OwnedScoremap;
using testing::random_map;
using testing::scoremap_of;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const OwnedScoremap kA = scoremap_of(3, 4, {-4, -3, -2, -3, -3, 0, 4, -1, -4, -2, 1, -2});
const OwnedScoremap kB = scoremap_of(3, 4, {-3, -4, -4, -2, -1, 3, 0, -3, -2, 1, -1, -4});
const OwnedScoremap kC = scoremap_of(3, 4, {-5, -5, -4, -4, -4, 1, 2, 0, -3, 0, 5, 1});

std::vector<MemberMap> members_of(std::span<const OwnedScoremap> maps,
                                  DecodeRule rule = DecodeRule::dgp) {
  std::vector<MemberMap> members;
  for (const OwnedScoremap& map : maps) {
    members.push_back({.map = map.view(), .column_of_bodypart = {}, .rule = rule});
  }
  return members;
}

ConsensusFrame consensus_of(std::span<const OwnedScoremap> maps,
                            ConsensusOptions options = {.arithmetic = Arithmetic::plain}) {
  return ConsensusEngine(options).consensus(members_of(maps, options.rule));
}

TEST(Consensus, OfTwoMapsGivesTheValuesOfTheOriginal) {
  const std::array maps = {kA, kB};
  for (const ConsensusMethod method : {ConsensusMethod::mean, ConsensusMethod::median}) {
    const auto frame = consensus_of(
        maps, {.method = method, .keep_scoremap = true, .arithmetic = Arithmetic::plain});
    // Double-precision values of the original, printed with ten decimals.
    EXPECT_NEAR(frame.keypoints[0].keypoint.x, 16.3391913445, 1e-10);
    EXPECT_NEAR(frame.keypoints[0].keypoint.y, 13.6527283205, 1e-10);
    EXPECT_NEAR(frame.scoremap_logits.values()[0], -3.386942621, 2e-7);  // kept as float32
    EXPECT_NEAR(frame.scoremap_logits.values()[10], 0, 1e-7);
  }
}

TEST(Consensus, OfThreeMapsGivesTheValuesOfTheOriginal) {
  const std::array maps = {kA, kB, kC};
  const auto mean = consensus_of(maps).keypoints[0].keypoint;
  EXPECT_NEAR(mean.x, 17.5957089791, 1e-10);  // printed with ten decimals
  EXPECT_NEAR(mean.y, 14.4039547675, 1e-10);
  const auto median =
      consensus_of(maps, {.method = ConsensusMethod::median, .arithmetic = Arithmetic::plain})
          .keypoints[0]
          .keypoint;
  EXPECT_NEAR(median.x, 18.1177504029, 1e-10);
  EXPECT_NEAR(median.y, 14.0910385587, 1e-10);
}

TEST(Consensus, OfOneMemberIsItsSoftArgmaxWithoutBlur) {
  for (const ConsensusMethod method : {ConsensusMethod::mean, ConsensusMethod::median}) {
    const auto frame =
        consensus_of(std::array{kA}, {.method = method, .arithmetic = Arithmetic::plain});
    EXPECT_NEAR(cell_from_pixel(frame.keypoints[0].keypoint.y, 8), 1.0464611072, 1e-10);
    EXPECT_NEAR(cell_from_pixel(frame.keypoints[0].keypoint.x, 8), 1.9864202536, 1e-10);
    EXPECT_EQ(frame.keypoints[0].std_x, 0);
    EXPECT_EQ(frame.keypoints[0].num_members, 1);
  }
}

TEST(Consensus, OfOneMemberOfAnotherRuleIsItsOwnKeypoint) {
  OwnedScoremap map = bump_map(24, 40, {.col = 22.3, .row = 9.8});
  map.locref.assign(static_cast<size_t>(24 * 40 * 2), 0.7F);
  ScoremapView view = map.view();
  view.row_stride = 6.5;  // cells that are not square: the grid of the consensus lies elsewhere
  for (const DecodeRule rule : {DecodeRule::dlc, DecodeRule::lp, DecodeRule::lp_correct}) {
    const MemberMap member{.map = view, .rule = rule};
    const ConsensusOptions options{.rule = rule == DecodeRule::dlc ? rule : DecodeRule::dgp};
    const ConsensusFrame frame = ConsensusEngine(options).consensus(std::span(&member, 1));
    const Keypoint own = decode_keypoints(view, rule)[0];
    EXPECT_EQ(frame.keypoints[0].keypoint.x, own.x) << to_string(rule);
    EXPECT_EQ(frame.keypoints[0].keypoint.y, own.y) << to_string(rule);
    EXPECT_EQ(frame.keypoints[0].keypoint.likelihood, own.likelihood) << to_string(rule);
    EXPECT_EQ(frame.member_distances[0], 0) << to_string(rule);
    const ConsensusOptions alone{.rule = options.rule, .member_keypoints = false};
    const ConsensusFrame without = ConsensusEngine(alone).consensus(std::span(&member, 1));
    EXPECT_EQ(without.keypoints[0].keypoint.x, own.x) << to_string(rule);
    EXPECT_TRUE(without.members.empty());
  }
}

TEST(Consensus, OfAGaussianBumpHasItsCentreAndCovariance) {
  const std::array maps = {bump_map(31, 35, {.col = 17.4, .row = 14.8, .sigma = 1.5, .height = 0})};
  const auto consensus = consensus_of(maps).keypoints[0];
  // As for one member's keypoint: float32 rounding of the logits.
  EXPECT_NEAR(consensus.keypoint.x, pixel_from_cell(17.4, 8), 1e-6);
  EXPECT_NEAR(consensus.keypoint.y, pixel_from_cell(14.8, 8), 1e-6);
  EXPECT_NEAR(consensus.map_covariance.xx, 1.5 * 1.5 * 64, 1e-4);
  EXPECT_NEAR(consensus.map_covariance.yy, 1.5 * 1.5 * 64, 1e-4);
  EXPECT_NEAR(consensus.map_covariance.xy, 0, 1e-4);
}

TEST(Consensus, OfMirroredMembersLiesOnTheMirror) {
  const std::array maps = {bump_map(9, 21, {.col = 7, .row = 4}),
                           bump_map(9, 21, {.col = 13, .row = 4})};
  const auto frame = consensus_of(maps);
  EXPECT_NEAR(frame.keypoints[0].keypoint.x, pixel_from_cell(10, 8),
              1e-12);  // exact but for summation order
  EXPECT_NEAR(frame.keypoints[0].keypoint.y, pixel_from_cell(4, 8), 1e-12);
  EXPECT_NEAR(frame.keypoints[0].std_x, 3 * 8,
              1e-4);  // bumps 3 cells away, tails cut 7 cells = 7 sigma out
  EXPECT_NEAR(frame.keypoints[0].std_y, 0, 1e-12);
  EXPECT_NEAR(frame.member_distances[0], 3 * 8, 1e-4);
  EXPECT_NEAR(frame.member_distances[1], 3 * 8, 1e-4);
}

TEST(Consensus, LikelihoodIsTheConsensusProbabilityAroundTheKeypoint) {
  const std::array maps = {scoremap_of(1, 2, {2, 1}), scoremap_of(1, 2, {0, -1}),
                           scoremap_of(1, 2, {-1, -6})};
  const double mean = (sigmoid(2) + sigmoid(0) + sigmoid(-1)) / 3;
  EXPECT_NEAR(consensus_of(maps).keypoints[0].keypoint.likelihood, mean, 1e-15);
  EXPECT_EQ(
      consensus_of(maps, {.method = ConsensusMethod::median}).keypoints[0].keypoint.likelihood,
      sigmoid(0));
}

TEST(Consensus, ByTheDlcRuleTakesTheHighestCellAndTheMeanLocationRefinement) {
  OwnedScoremap one = scoremap_of(1, 3, {0, 1, 2});
  OwnedScoremap two = scoremap_of(1, 3, {0, 3, 2});
  one.locref = {9, 9, 9, 9, 1, 0.5F};
  two.locref = {9, 9, 9, 9, 3, -0.5F};
  one.locref_stdev = two.locref_stdev = 2;
  const std::array maps = {one, two};
  const auto consensus = consensus_of(maps, {.rule = DecodeRule::dlc}).keypoints[0];
  // Mean probabilities: 0.5; (0.731 + 0.953) / 2 = 0.8418; 0.8808.
  EXPECT_DOUBLE_EQ(consensus.keypoint.x, 2 * 8 + 4 + 2 * 2);
  EXPECT_DOUBLE_EQ(consensus.keypoint.y, 4);
  EXPECT_DOUBLE_EQ(consensus.keypoint.likelihood, sigmoid(2));
}

TEST(Consensus, ByTheDlcRuleWorksWhenAMemberHasNoLocationRefinement) {
  OwnedScoremap one = scoremap_of(1, 2, {0, 1});
  const OwnedScoremap two = scoremap_of(1, 2, {0, 1});
  one.locref = {0, 0, 1, 1};
  one.locref_stdev = 3;
  EXPECT_EQ(consensus_of(std::array{one, two}, {.rule = DecodeRule::dlc}).keypoints[0].keypoint.x,
            12 + 3);
  EXPECT_EQ(consensus_of(std::array{two, two}, {.rule = DecodeRule::dlc}).keypoints[0].keypoint.x,
            12);
}

struct Variant {
  ConsensusMethod method;
  DecodeRule rule;
  Arithmetic arithmetic;
};

class ConsensusOfEveryKind : public ::testing::TestWithParam<Variant> {
 protected:
  ConsensusOptions options() const {
    return {
        .method = GetParam().method, .rule = GetParam().rule, .arithmetic = GetParam().arithmetic};
  }
};

TEST_P(ConsensusOfEveryKind, DoesNotDependOnTheOrderOfMembers) {
  std::vector<OwnedScoremap> maps;
  for (unsigned m = 0; m < 5; ++m) {
    maps.push_back(random_map(20, 24, 3, 7 + m));
  }
  const auto forward = consensus_of(maps, options());
  std::ranges::reverse(maps);
  const auto backward = consensus_of(maps, options());
  // Summation order only: float32 sums of five terms in the fast kernels, 1e-7 of a map 24 cells
  // wide, in pixels.
  const double tolerance = GetParam().arithmetic == Arithmetic::fast ? 2e-5 : 1e-10;
  for (size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(forward.keypoints[j].keypoint.x, backward.keypoints[j].keypoint.x, tolerance);
    EXPECT_NEAR(forward.keypoints[j].keypoint.y, backward.keypoints[j].keypoint.y, tolerance);
    EXPECT_NEAR(forward.keypoints[j].keypoint.likelihood, backward.keypoints[j].keypoint.likelihood,
                1e-14);
    EXPECT_NEAR(forward.keypoints[j].std_x, backward.keypoints[j].std_x, 1e-10);
    EXPECT_EQ(forward.members[j].x, backward.members[4 * 3 + j].x);
  }
}

TEST_P(ConsensusOfEveryKind, MatchesColumnsByTheGivenOrder) {
  const std::vector<OwnedScoremap> maps = {random_map(12, 10, 3, 1), random_map(12, 10, 3, 2)};
  OwnedScoremap shuffled =
      maps[1];  // bodyparts 0, 1, 2 in columns 2, 0, 1, and a column 3 of something else
  shuffled.num_bodyparts = 4;
  shuffled.logits.clear();
  shuffled.locref.clear();
  for (size_t cell = 0; cell < 120; ++cell) {
    for (const size_t bodypart : {1, 2, 0, 0}) {
      shuffled.logits.push_back(maps[1].logits[cell * 3 + bodypart]);
      shuffled.locref.push_back(maps[1].locref[(cell * 3 + bodypart) * 2]);
      shuffled.locref.push_back(maps[1].locref[(cell * 3 + bodypart) * 2 + 1]);
    }
  }
  const std::array<int, 3> columns = {2, 0, 1};
  auto members = members_of(maps, GetParam().rule);
  const auto expected = ConsensusEngine(options()).consensus(members);
  members[1] = {.map = shuffled.view(), .column_of_bodypart = columns, .rule = GetParam().rule};
  const auto found = ConsensusEngine(options()).consensus(members);
  for (size_t j = 0; j < 3; ++j) {
    EXPECT_EQ(found.keypoints[j].keypoint.x, expected.keypoints[j].keypoint.x);
    EXPECT_EQ(found.keypoints[j].keypoint.likelihood, expected.keypoints[j].keypoint.likelihood);
    EXPECT_NEAR(found.members[3 + j].y, expected.members[3 + j].y, 1e-10);
    EXPECT_NEAR(found.keypoints[j].std_y, expected.keypoints[j].std_y, 1e-10);
  }
}

TEST_P(ConsensusOfEveryKind, LeavesOutAMemberWithNan) {
  std::vector<OwnedScoremap> maps = {random_map(8, 9, 2, 1), random_map(8, 9, 2, 2),
                                     random_map(8, 9, 2, 3)};
  const auto without = consensus_of(std::span(maps).first(2), options());
  maps[2].logits[2 * 40 + 1] = kNan;  // bodypart 1 only
  const auto found = consensus_of(maps, options());
  EXPECT_EQ(found.keypoints[0].num_members, 3);
  EXPECT_EQ(found.keypoints[1].num_members, 2);
  EXPECT_NEAR(found.keypoints[1].keypoint.x, without.keypoints[1].keypoint.x,
              1e-5);  // fast against plain: 1e-6 cells
  EXPECT_EQ(found.keypoints[1].keypoint.likelihood, without.keypoints[1].keypoint.likelihood);
  EXPECT_DOUBLE_EQ(found.keypoints[1].std_x, without.keypoints[1].std_x);
  EXPECT_TRUE(std::isnan(found.members[5].x));
  EXPECT_TRUE(std::isnan(found.member_distances[5]));
}

TEST_P(ConsensusOfEveryKind, IsMissingWhenAllMembersAre) {
  const std::array maps = {scoremap_of(1, 3, {0, kNan, 1}), scoremap_of(1, 3, {kNan, 0, 1})};
  const auto consensus = consensus_of(maps, options()).keypoints[0];
  EXPECT_TRUE(std::isnan(consensus.keypoint.x));
  EXPECT_TRUE(std::isnan(consensus.keypoint.y));
  EXPECT_EQ(consensus.keypoint.likelihood, 0);
  EXPECT_TRUE(std::isnan(consensus.map_covariance.xx));
  EXPECT_TRUE(std::isnan(consensus.std_x));
  EXPECT_EQ(consensus.num_members, 0);
}

TEST_P(ConsensusOfEveryKind, IsNeverInfinite) {
  for (const float level : {-5000.0F, -200.0F, -60.0F, 60.0F, 200.0F, 5000.0F}) {
    const OwnedScoremap map = scoremap_of(1, 3, {level - 600, level, level - 600});
    const auto consensus = consensus_of(std::array{map, map}, options()).keypoints[0];
    EXPECT_NEAR(consensus.keypoint.x, 12, 1e-12) << level;
    EXPECT_EQ(consensus.keypoint.likelihood, sigmoid(static_cast<double>(level))) << level;
  }
  const OwnedScoremap certain = scoremap_of(1, 3, {-kInfinity, -kInfinity, kInfinity});
  const auto consensus = consensus_of(std::array{certain, certain}, options()).keypoints[0];
  EXPECT_EQ(consensus.keypoint.x, 20);
  EXPECT_EQ(consensus.keypoint.likelihood, 1);
}

TEST_P(ConsensusOfEveryKind, MovesWithItsMembers) {
  std::vector<OwnedScoremap> here;
  std::vector<OwnedScoremap> there;
  for (int m = 0; m < 4; ++m) {
    here.push_back(
        bump_map(40, 48, {.col = 18.0 + m, .row = 16 - 0.5 * m, .sigma = 1.2, .height = 1.0 + m}));
    there.push_back(
        bump_map(40, 48, {.col = 24.0 + m, .row = 21 - 0.5 * m, .sigma = 1.2, .height = 1.0 + m}));
  }
  const auto a = consensus_of(here, options()).keypoints[0];
  const auto b = consensus_of(there, options()).keypoints[0];
  EXPECT_NEAR(b.keypoint.x - a.keypoint.x, 6 * 8,
              2e-5);  // float32 rounding of logits and kernels: 1e-6 cells, times 8
  EXPECT_NEAR(b.keypoint.y - a.keypoint.y, 5 * 8, 2e-5);
  EXPECT_NEAR(b.map_covariance.xx, a.map_covariance.xx,
              2e-3);  // relative 1e-6 of second moments of about 20 cells²
  EXPECT_NEAR(b.std_x, a.std_x, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ConsensusOfEveryKind,
    ::testing::Values(Variant{ConsensusMethod::mean, DecodeRule::dgp, Arithmetic::plain},
                      Variant{ConsensusMethod::mean, DecodeRule::dgp, Arithmetic::fast},
                      Variant{ConsensusMethod::mean, DecodeRule::dlc, Arithmetic::plain},
                      Variant{ConsensusMethod::mean, DecodeRule::dlc, Arithmetic::fast},
                      Variant{ConsensusMethod::median, DecodeRule::dgp, Arithmetic::plain},
                      Variant{ConsensusMethod::median, DecodeRule::dgp, Arithmetic::fast},
                      Variant{ConsensusMethod::median, DecodeRule::dlc, Arithmetic::plain},
                      Variant{ConsensusMethod::median, DecodeRule::dlc, Arithmetic::fast}),
    [](const auto& instance) {
      const Variant& variant = instance.param;
      return std::string(variant.method == ConsensusMethod::mean ? "mean_" : "median_") +
             std::string(to_string(variant.rule)) +
             (variant.arithmetic == Arithmetic::plain ? "_plain" : "_fast");
    });

TEST(Consensus, MeetsMembersOnTheFinestGrid) {
  OwnedScoremap fine = bump_map(24, 30, {.col = 15.3, .row = 10.6, .sigma = 3});
  OwnedScoremap coarse = bump_map(12, 15, {.col = 0, .row = 0, .sigma = 1.5});
  const double x = pixel_from_cell(15.3, 8);
  const double y = pixel_from_cell(10.6, 8);
  coarse = bump_map(12, 15,
                    {.col = cell_from_pixel(x, 16), .row = cell_from_pixel(y, 16), .sigma = 1.5});
  coarse.stride = 16;
  const auto frame = consensus_of(std::array{coarse, fine});
  EXPECT_EQ(frame.grid, (Grid{.height = 24, .width = 30, .stride = 8}));
  // Linear interpolation of a bump of 1.5 cells keeps its centre to about a hundredth of a cell; a
  // wrong half-cell offset would show as 2 px (half of 8 * (2 - 1) / 2).
  EXPECT_NEAR(frame.keypoints[0].keypoint.x, x, 0.1);
  EXPECT_NEAR(frame.keypoints[0].keypoint.y, y, 0.1);
  EXPECT_NEAR(frame.members[0].x, x, 0.1);  // each member on its own grid
}

TEST(Consensus, ResamplesOntoTheSameGridWithoutChange) {
  const std::vector<OwnedScoremap> maps = {random_map(9, 11, 2, 5)};
  std::vector<float> copy;
  resample_member(members_of(maps)[0], grid_of(maps[0].view()), false, copy);
  EXPECT_EQ(copy, maps[0].logits);
}

TEST(Consensus, ResamplesProbabilitiesLinearlyBetweenCellCentres) {
  OwnedScoremap map = scoremap_of(1, 2, {std::log(0.25F / 0.75F), std::log(0.75F / 0.25F)});
  map.stride = 16;
  std::vector<float> fine;
  resample_member({.map = map.view(), .column_of_bodypart = {}},
                  {.height = 1, .width = 4, .stride = 8}, false, fine);
  // Centres at 4, 12, 20, 28 px; the source's at 8 and 24.
  const std::array expected = {0.25, 0.375, 0.625, 0.75};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(sigmoid(static_cast<double>(fine[i])), expected[i], 1e-7);  // float32
  }
}

TEST(Consensus, ByTheDlcRuleUsesEachMembersOwnCells) {
  OwnedScoremap fine = bump_map(6, 8, {.col = 4, .row = 2});
  OwnedScoremap coarse = bump_map(3, 4, {.col = 1.75, .row = 0.75});
  coarse.stride = 16;
  const double target =
      pixel_from_cell(4, 8) + 1;  // both say x = 37 through their location refinement
  for (OwnedScoremap* map : {&fine, &coarse}) {
    map->locref_stdev = 1;
    for (int row = 0; row < map->height; ++row) {
      for (int col = 0; col < map->width; ++col) {
        map->locref.push_back(static_cast<float>(target - pixel_from_cell(col, map->stride)));
        map->locref.push_back(static_cast<float>(20 - pixel_from_cell(row, map->stride)));
      }
    }
  }
  const auto frame = consensus_of(std::array{fine, coarse}, {.rule = DecodeRule::dlc});
  EXPECT_DOUBLE_EQ(frame.keypoints[0].keypoint.x, target);
  EXPECT_DOUBLE_EQ(frame.keypoints[0].keypoint.y, 20);
}

TEST(Consensus, RefusesMembersThatDoNotFit) {
  EXPECT_THROW(consensus_of({}), Error);
  EXPECT_THROW(consensus_of(std::array{random_map(4, 4, 2, 1), random_map(4, 4, 3, 1)}), Error);
  const OwnedScoremap map = random_map(4, 4, 2, 1);
  const std::array<int, 1> column = {2};
  const std::array members = {MemberMap{.map = map.view(), .column_of_bodypart = column}};
  EXPECT_THROW(ConsensusEngine().consensus(members), Error);
}

TEST(Consensus, LeavesOutWhatIsNotAskedFor) {
  const auto frame = consensus_of(std::array{kA, kB}, {.member_keypoints = false});
  EXPECT_TRUE(frame.members.empty());
  EXPECT_TRUE(frame.member_distances.empty());
  EXPECT_TRUE(frame.scoremap_logits.empty());
  EXPECT_TRUE(std::isnan(frame.keypoints[0].std_x));
}

}  // namespace
}  // namespace posse
