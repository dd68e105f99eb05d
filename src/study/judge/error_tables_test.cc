#include "study/judge/error_tables.h"

#include <gtest/gtest.h>

#include <cmath>

#include "study/judge/uncertainty_table.h"

namespace posse {
namespace {

const double kNaN = std::nan("");

/// Two members, one bodypart, `count` pictures with the label at the origin: member "a" is 3 px
/// off, "b" 4 px, the consensus "mean" 1 px; every picture is a group.
JudgedFrames example(size_t count) {
  JudgedFrames judged{.bodyparts = {"nose"}, .members = {"a", "b"}};
  JudgedMethod mean{.name = "mean", .uncertainty = "map covariance"};
  for (size_t i = 0; i < count; ++i) {
    judged.pictures.push_back(
        {.name = "p" + std::to_string(i), .group = static_cast<int64_t>(i), .members = {0, 1}});
    judged.labels.push_back({0, 0});
    judged.hidden.push_back(0);
    judged.member_keypoints.push_back({3, 0, 0.9});
    judged.member_keypoints.push_back({0, 4, 0.9});
    judged.member_covariance.push_back({4.5, -6, 8});
    judged.num_members.push_back(2);
    mean.keypoints.push_back({1, 0, 0.9});
    mean.covariance.push_back({1, 0, 1});
    mean.judged.push_back(1);
  }
  judged.methods.push_back(mean);
  return judged;
}

TEST(ErrorTables, JudgeAMemberOnlyWhereItJudges) {
  JudgedFrames judged = example(30);
  for (size_t i = 0; i < 10; ++i) judged.pictures[i].members = {1};
  const auto tables = error_tables(judged, {});
  ASSERT_EQ(tables.size(), 3U);
  EXPECT_EQ(tables[0].num_pictures, 20U);
  EXPECT_EQ(tables[1].num_pictures, 30U);
  EXPECT_DOUBLE_EQ(tables[0].rows[0].distances.rmse, 3);
  EXPECT_DOUBLE_EQ(tables[2].rows.back().distances.rmse, 1);
  EXPECT_DOUBLE_EQ(tables[1].rows[0].rmse.low, 4);
  EXPECT_DOUBLE_EQ(tables[1].rows[0].rmse.high, 4);
}

TEST(ErrorTables, CountWhatIsMissedHallucinatedAndHiddenApart) {
  JudgedFrames judged = example(25);
  judged.labels[0] = {kNaN, kNaN};  // not labelled: both members and the mean say something
  judged.labels[1] = {kNaN, kNaN};
  judged.methods[0].keypoints[1].likelihood = 0.1;  // but this one not with conviction
  judged.labels[2] = {kNaN, kNaN};
  judged.hidden[2] = 1;
  judged.methods[0].keypoints[3] = {kNaN, kNaN, 0};
  const ErrorRow row = error_tables(judged, {})[2].rows[0];
  EXPECT_EQ(row.distances.count, 21U);
  EXPECT_EQ(row.missed, 1U);
  EXPECT_EQ(row.hallucinated, 1U);
  EXPECT_EQ(row.hidden, 1U);
}

TEST(ErrorTables, GiveNoIntervalForFewPointsOrOneGroup) {
  EXPECT_TRUE(std::isnan(error_tables(example(19), {})[0].rows[0].rmse.low));
  EXPECT_FALSE(std::isnan(error_tables(example(20), {})[0].rows[0].rmse.low));
  JudgedFrames judged = example(20);
  for (JudgedPicture& picture : judged.pictures) picture.group = 7;
  EXPECT_TRUE(std::isnan(error_tables(judged, {})[0].rows[0].rmse.low));
}

TEST(PairedDifferences, AreTakenOverThePointsThatBothHave) {
  JudgedFrames judged = example(30);
  for (size_t i = 0; i < 5; ++i) judged.pictures[i].members = {1};
  judged.methods[0].keypoints[9] = {kNaN, kNaN, 0};
  const auto differences = paired_differences(judged, error_tables(judged, {}), {});
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].second, "a");  // the better one
  EXPECT_EQ(differences[0].num_points, 24U);
  EXPECT_DOUBLE_EQ(differences[0].difference, -2);
  EXPECT_DOUBLE_EQ(differences[0].interval.high, -2);
}

TEST(UncertaintySummary, ComparesWhatIsStatedWithWhatIs) {
  const JudgedFrames judged = example(30);
  const auto stated = stated_errors(judged, judged.methods[0]);
  const UncertaintySummary summary = summarise_uncertainty(stated, {});
  EXPECT_EQ(summary.num_points, 30U);
  EXPECT_DOUBLE_EQ(summary.coverage[0], 1);  // d^2 = 1 < 1.386
  EXPECT_NEAR(summary.spread_skill, 1 / std::sqrt(2), 1e-12);
  EXPECT_NEAR(summary.log_score, 0.5 + std::log(2 * 3.141592653589793), 1e-12);
  // Two members' covariance is flat, and the label is off their line: never within.
  const auto raw = raw_ensemble_errors(judged, judged.methods[0]);
  EXPECT_DOUBLE_EQ(summarise_uncertainty(raw, {}).coverage[3], 0);
  EXPECT_NEAR(raw[0].energy, 3.5 - 5.0 / 2, 1e-12);
}

TEST(UncertaintySummary, OfNothingIsNaN) {
  const UncertaintySummary summary = summarise_uncertainty({}, {});
  EXPECT_TRUE(std::isnan(summary.coverage[2]) && std::isnan(summary.crps));
}

}  // namespace
}  // namespace posse
