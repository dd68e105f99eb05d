#include "consensus/keypoint_consensus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "base/error.h"
#include "support/shared_data.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

KeypointConsensus consensus(const std::vector<Keypoint>& members, KeypointMethod method,
                            KeypointConsensusOptions options = {}) {
  options.method = method;
  return consensus_of_keypoints(members, options);
}

const std::vector<Keypoint> kFive = {
    {1, 10, 0.9}, {2, 30, 0.5}, {4, 20, 0.1}, {3, 90, 0.3}, {100, 40, 0.2}};

TEST(KeypointConsensus, MeanAndMedianGoAxisByAxis) {
  const auto mean = consensus(kFive, KeypointMethod::mean).keypoint;
  EXPECT_DOUBLE_EQ(mean.x, 22);
  EXPECT_DOUBLE_EQ(mean.y, 38);
  EXPECT_DOUBLE_EQ(mean.likelihood, 0.4);
  const auto median = consensus(kFive, KeypointMethod::median).keypoint;
  EXPECT_EQ(median.x, 3);
  EXPECT_EQ(median.y, 30);
  EXPECT_EQ(median.likelihood, 0.3);
}

TEST(KeypointConsensus, WeightedMeanWeighsByLikelihood) {
  const auto keypoint =
      consensus({{0, 4, 0.25}, {8, 0, 0.75}}, KeypointMethod::weighted_mean).keypoint;
  EXPECT_DOUBLE_EQ(keypoint.x, 6);
  EXPECT_DOUBLE_EQ(keypoint.y, 1);
  EXPECT_DOUBLE_EQ(keypoint.likelihood, 0.25 * 0.25 + 0.75 * 0.75);
  EXPECT_EQ(consensus({{0, 4, 0}, {8, 0, 0}}, KeypointMethod::weighted_mean).keypoint.x, 4);
}

TEST(KeypointConsensus, MostConfidentTakesOneMember) {
  EXPECT_EQ(consensus(kFive, KeypointMethod::most_confident).keypoint.x, 1);
  // Of equally sure members (as in tables with a constant likelihood) the one in their middle.
  EXPECT_EQ(consensus({{0, 0, 0.5}, {90, 0, 0.5}, {10, 0, 0.5}}, KeypointMethod::most_confident)
                .keypoint.x,
            10);
}

TEST(KeypointConsensus, TrimmedMeanLeavesOutTheEndsOfEachAxis) {
  const auto keypoint = consensus(kFive, KeypointMethod::trimmed_mean).keypoint;
  EXPECT_DOUBLE_EQ(keypoint.x, 3);   // without 1 and 100
  EXPECT_DOUBLE_EQ(keypoint.y, 30);  // without 10 and 90
  EXPECT_DOUBLE_EQ(consensus(kFive, KeypointMethod::trimmed_mean, {.trim = 0}).keypoint.x, 22);
}

TEST(KeypointConsensus, SpreadIsTheMembersPopulationCovariance) {
  const auto result = consensus({{0, 0, 1}, {4, 2, 1}}, KeypointMethod::mean);
  EXPECT_DOUBLE_EQ(result.covariance.xx, 4);
  EXPECT_DOUBLE_EQ(result.covariance.xy, 2);
  EXPECT_DOUBLE_EQ(result.covariance.yy, 1);
  EXPECT_DOUBLE_EQ(result.std_x, 2);
  EXPECT_DOUBLE_EQ(result.std_y, 1);
}

TEST(KeypointConsensus, CountsTheMembersNearIt) {
  const auto result = consensus(kFive, KeypointMethod::median, {.agreement_radius = 20.5});
  EXPECT_EQ(result.num_members, 5);
  EXPECT_EQ(result.num_agreeing, 3);  // not (3, 90) and (100, 40)
}

class KeypointConsensusByEveryMethod : public ::testing::TestWithParam<KeypointMethod> {};

TEST_P(KeypointConsensusByEveryMethod, OfOneMemberIsThatMember) {
  const auto result = consensus({{kNan, kNan, 0}, {3, 7, 0.6}}, GetParam());
  EXPECT_EQ(result.keypoint.x, 3);
  EXPECT_EQ(result.keypoint.y, 7);
  EXPECT_DOUBLE_EQ(result.keypoint.likelihood, 0.6);
  EXPECT_EQ(result.std_x, 0);
  EXPECT_EQ(result.num_members, 1);
  EXPECT_EQ(result.num_agreeing, 1);
}

TEST_P(KeypointConsensusByEveryMethod, OfNoMemberIsMissing) {
  for (const std::vector<Keypoint>& members :
       {std::vector<Keypoint>{}, std::vector<Keypoint>{{kNan, 3, 0.5}, {1, kNan, 0.5}}}) {
    const auto result = consensus(members, GetParam());
    EXPECT_TRUE(std::isnan(result.keypoint.x));
    EXPECT_EQ(result.keypoint.likelihood, 0);
    EXPECT_TRUE(std::isnan(result.std_y));
    EXPECT_EQ(result.num_members, 0);
    EXPECT_EQ(result.num_agreeing, 0);
  }
}

TEST_P(KeypointConsensusByEveryMethod, IsMissingWithTooFewMembers) {
  const auto result = consensus({{1, 1, 0.9}, {2, 2, 0.9}, {3, 3, 0.1}}, GetParam(),
                                {.min_likelihood = 0.5, .min_members = 3});
  EXPECT_TRUE(std::isnan(result.keypoint.x));
  EXPECT_EQ(result.num_members, 2);
  EXPECT_EQ(result.std_x, 0.5);  // the spread is known all the same
}

TEST_P(KeypointConsensusByEveryMethod, LeavesAnUnknownLikelihoodOut) {
  const auto result = consensus({{1, 1, kNan}, {1, 1, 0.5}}, GetParam());
  EXPECT_EQ(result.num_members, 2);
  EXPECT_DOUBLE_EQ(result.keypoint.likelihood, 0.5);
  // not known to lie below
  EXPECT_EQ(consensus({{9, 9, kNan}, {1, 1, 0.05}}, GetParam(), {.min_likelihood = 0.1}).keypoint.x,
            9);
  EXPECT_EQ(consensus({{1, 1, kNan}, {1, 1, kNan}}, GetParam()).keypoint.likelihood, 1);
}

TEST(KeypointConsensus, AnUnknownLikelihoodWeighsAsTheOthersDoOnAverage) {
  // weights 0.2, 0.6 and their mean 0.4
  const auto result =
      consensus({{0, 0, 0.2}, {0, 0, 0.6}, {9, 0, kNan}}, KeypointMethod::weighted_mean);
  EXPECT_DOUBLE_EQ(result.keypoint.x, 9 * 0.4 / 1.2);
  EXPECT_DOUBLE_EQ(result.keypoint.likelihood, (0.2 * 0.2 + 0.6 * 0.6) / 0.8);
}

TEST_P(KeypointConsensusByEveryMethod, DoesNotDependOnTheOrderOfMembers) {
  std::vector<Keypoint> members = kFive;
  const auto expected = consensus(members, GetParam());
  std::mt19937 generator(testing::seed_of_this_test());
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(members, generator);
    const auto found = consensus(members, GetParam());
    EXPECT_NEAR(found.keypoint.x, expected.keypoint.x,
                1e-8);  // the geometric median is found to 1e-9 of 100 px
    EXPECT_NEAR(found.keypoint.y, expected.keypoint.y, 1e-8);
    EXPECT_NEAR(found.keypoint.likelihood, expected.keypoint.likelihood, 1e-15);
    EXPECT_EQ(found.num_agreeing, expected.num_agreeing);
  }
}

TEST_P(KeypointConsensusByEveryMethod, MovesWithItsMembers) {
  std::vector<Keypoint> members = kFive;
  const auto before = consensus(members, GetParam());
  for (Keypoint& member : members) {
    member.x += 1000;
    member.y -= 500;
  }
  const auto after = consensus(members, GetParam());
  EXPECT_NEAR(after.keypoint.x - before.keypoint.x, 1000, 1e-8);
  EXPECT_NEAR(after.keypoint.y - before.keypoint.y, -500, 1e-8);
  EXPECT_NEAR(after.covariance.xy, before.covariance.xy,
              1e-9);  // of about 100, sums of squares up to 1e4
}

INSTANTIATE_TEST_SUITE_P(Methods, KeypointConsensusByEveryMethod,
                         ::testing::Values(KeypointMethod::mean, KeypointMethod::median,
                                           KeypointMethod::weighted_mean,
                                           KeypointMethod::most_confident,
                                           KeypointMethod::geometric_median,
                                           KeypointMethod::trimmed_mean),
                         [](const auto& instance) {
                           std::string name(name_of(instance.param));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(PoseConsensus, GoesThroughFramesAndBodyparts) {
  const Poses a{.bodyparts = {"p", "q"},
                .frame_index = {0, 5},
                .keypoints = {{0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {3, 3, 1}}};
  Poses b = a;
  for (Keypoint& keypoint : b.keypoints) {
    keypoint.x += 2;
  }
  const PoseConsensus result =
      consensus_of_poses(std::vector{a, b}, {.method = KeypointMethod::mean});
  EXPECT_EQ(result.poses.frame_index, a.frame_index);
  EXPECT_EQ(result.poses.at(1, 0).x, 3);
  EXPECT_EQ(result.details[3].std_x, 1);
}

TEST(PoseConsensus, RefusesTablesThatAreNotAligned) {
  const Poses a{.bodyparts = {"p"}, .frame_index = {0}, .keypoints = {{0, 0, 1}}};
  const Poses b{.bodyparts = {"p"}, .frame_index = {1}, .keypoints = {{0, 0, 1}}};
  EXPECT_THROW(consensus_of_poses(std::vector{a, b}, {}), Error);
  EXPECT_THROW(consensus_of_poses({}, {}), Error);
}

TEST(KeypointConsensusOptions, NamesTheOptionThatIsOutOfRange) {
  const auto message_of = [](const KeypointConsensusOptions& options) {
    try {
      options.validate();
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  EXPECT_THAT(message_of({.min_likelihood = 1.5}), ::testing::HasSubstr("min_likelihood"));
  EXPECT_THAT(message_of({.min_members = 0}), ::testing::HasSubstr("min_members"));
  EXPECT_THAT(message_of({.trim = 0.5}), ::testing::HasSubstr("trim"));
  EXPECT_THAT(message_of({.agreement_radius = kNan}), ::testing::HasSubstr("agreement_radius"));
  EXPECT_EQ(message_of({}), "");
}

}  // namespace
}  // namespace posse
