#include "smoothing/observations/ensemble_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/shared_data.h"
#include "support/synthetic_tracks.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Members with one frame and one bodypart.
std::vector<Poses> members_at(const std::vector<Keypoint>& keypoints) {
  std::vector<Poses> members;
  for (const Keypoint& keypoint : keypoints)
    members.push_back(testing::constant_poses(1, 1, keypoint));
  return members;
}

TEST(EnsembleStatistics, MedianAndWeightedVarianceOfThreeMembers) {
  const auto result =
      summarise_ensemble(members_at({{1, 10, 0.5}, {4, 10, 0.75}, {2, 40, 1.0}}), {});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 2);
  EXPECT_DOUBLE_EQ(result.position.at(0, 1), 10);
  EXPECT_DOUBLE_EQ(result.likelihood.at(0, 0), 0.75);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), 14.0 / 9 / 0.75);  // deviations -4/3, 5/3, -1/3
  EXPECT_DOUBLE_EQ(result.variance.at(0, 1), 200 / 0.75);       // deviations -10, -10, 20
}

TEST(EnsembleStatistics, MedianOfAnEvenCountIsTheMeanOfTheMiddleTwo) {
  const auto result =
      summarise_ensemble(members_at({{1, 0, 1}, {9, 0, 1}, {2, 0, 1}, {4, 0, 1}}), {});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 3);
}

TEST(EnsembleStatistics, MeanAndPlainVarianceWhenAskedFor) {
  const StatisticsOptions options{.average = EnsembleAverage::mean,
                                  .variance = VarianceMode::plain};
  const auto result =
      summarise_ensemble(members_at({{1, 0, 0.5}, {3, 0, 0.5}, {8, 0, 0.5}}), options);
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 4);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), 26.0 / 3);
}

TEST(EnsembleStatistics, MissingValuesAreIgnoredOneByOne) {
  const auto result =
      summarise_ensemble(members_at({{kNan, 2, 0.5}, {4, 4, kNan}, {6, kNan, 1.0}}), {});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 5);
  EXPECT_DOUBLE_EQ(result.position.at(0, 1), 3);
  EXPECT_DOUBLE_EQ(result.likelihood.at(0, 0), 0.75);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), 1 / 0.75);
}

TEST(EnsembleStatistics, OneFiniteMemberOfSeveralIsNotBelievedAbsolutely) {
  const auto result =
      summarise_ensemble(members_at({{kNan, kNan, 0}, {4, 5, 0.9}, {kNan, kNan, 0}}), {});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 4);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), kUnknownVariance);
}

TEST(EnsembleStatistics, NoFiniteMemberGivesAMissingCoordinate) {
  const auto result = summarise_ensemble(members_at({{kNan, 1, kNan}, {kNan, 3, kNan}}), {});
  EXPECT_TRUE(std::isnan(result.position.at(0, 0)));
  EXPECT_DOUBLE_EQ(result.position.at(0, 1), 2);
  EXPECT_DOUBLE_EQ(result.likelihood.at(0, 0), 0);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), kUnknownVariance);
}

TEST(EnsembleStatistics, InfiniteCoordinatesCountAsMissing) {
  const auto result = summarise_ensemble(
      members_at({{std::numeric_limits<double>::infinity(), 1, 1}, {4, 1, 1}, {6, 1, 1}}), {});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 5);
}

TEST(EnsembleStatistics, ZeroConfidenceMeansUnknownVarianceAndNotInfinity) {
  const auto result = summarise_ensemble(members_at({{1, 1, 0}, {3, 1, 0}}), {});
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), kUnknownVariance);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 1), kUnknownVariance);
}

TEST(EnsembleStatistics, PredictionsBelowTheLikelihoodThresholdAreMissing) {
  const auto result = summarise_ensemble(members_at({{1, 1, 0.9}, {3, 1, 0.8}, {500, 1, 0.01}}),
                                         {.min_likelihood = 0.1});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 2);
}

TEST(EnsembleStatistics, TheCarefulWayAgreesWithTheFastOne) {
  auto members = testing::make_members(
      {.num_members = 4, .num_frames = 20, .seed = testing::seed_of_this_test()});
  const auto fast = summarise_ensemble(members, {});
  members.push_back(testing::constant_poses(
      20, 3, {kNan, kNan, kNan}));  // adds nothing, but forces the careful way
  const auto careful = summarise_ensemble(members, {});
  for (size_t i = 0; i < fast.position.values().size(); ++i) {
    EXPECT_EQ(fast.position.values()[i], careful.position.values()[i]);
    EXPECT_EQ(fast.variance.values()[i], careful.variance.values()[i]);
  }
}

TEST(EnsembleStatistics, OneMemberIsRefusedUnlessAskedFor) {
  EXPECT_THROW(summarise_ensemble(members_at({{1, 1, 1}}), {}), Error);
  const auto result = summarise_ensemble(members_at({{1, kNan, 0.25}}), {.allow_one_member = true});
  EXPECT_DOUBLE_EQ(result.position.at(0, 0), 1);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), 4);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 1), kUnknownVariance);
}

TEST(EnsembleStatistics, MembersThatDoNotFitAreNamed) {
  auto members = testing::make_members({.num_members = 2, .num_frames = 4, .num_bodyparts = 2});
  members[1].bodyparts[1] = "tail";
  try {
    summarise_ensemble(members, {});
    FAIL() << "other bodyparts must be an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("member 1"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("tail"));
  }
  members[1].bodyparts[1] = "part1";
  members[1].frame_index[3] = 9;
  EXPECT_THROW(summarise_ensemble(members, {}), Error);
}

TEST(EnsembleStatistics, ThreadsDoNotChangeTheResult) {
  const auto members =
      testing::make_members({.num_frames = 101, .seed = testing::seed_of_this_test()});
  const auto one = summarise_ensemble(members, {}, 1);
  const auto three = summarise_ensemble(members, {}, 3);
  EXPECT_TRUE(std::ranges::equal(one.position.values(), three.position.values()));
  EXPECT_TRUE(std::ranges::equal(one.variance.values(), three.variance.values()));
}

TEST(EnsembleStatistics, ALikelihoodThatIsNotKnownIsLeftOutOfTheMean) {
  // population variance of 0 and 4 is 4; of likelihoods only 0.5 is known
  const auto result = summarise_ensemble(members_at({{0, 0, kNan}, {4, 4, 0.5}}), {});
  EXPECT_DOUBLE_EQ(result.likelihood.at(0, 0), 0.5);
  EXPECT_DOUBLE_EQ(result.variance.at(0, 0), 4 / 0.5);
}

TEST(EnsembleStatistics, WithoutAnyKnownLikelihoodItIsOne) {
  for (const Keypoint& lost : {Keypoint{2, 2, kNan}, Keypoint{kNan, kNan, 0}}) {
    const auto result = summarise_ensemble(members_at({{0, 0, kNan}, {4, 4, kNan}, lost}), {});
    EXPECT_DOUBLE_EQ(result.likelihood.at(0, 0), 1);
    EXPECT_LE(result.variance.at(0, 0), 4);  // not kUnknownVariance
  }
  EXPECT_EQ(summarise_ensemble(members_at({{kNan, kNan, kNan}, {kNan, kNan, kNan}}), {})
                .likelihood.at(0, 0),
            0);
}

TEST(EnsembleStatistics, APointWhoseLikelihoodIsNotKnownIsNotBelowTheLeastOne) {
  const auto result =
      summarise_ensemble(members_at({{3, 3, kNan}, {9, 9, 0.1}}), {.min_likelihood = 0.5});
  EXPECT_EQ(result.position.at(0, 0), 3);
}

}  // namespace
}  // namespace posse
