#include "study/judge/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace posse {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LeftOutBodyparts, AreNamedOnEitherSide) {
  using Names = std::vector<std::string>;
  EXPECT_FALSE(left_out_bodyparts(Names{"a"}, Names{"a", "a"}, Names{"a"}));
  EXPECT_EQ(left_out_bodyparts(Names{"a", "nose"}, Names{"a", "snout", "a", "snout"}, Names{"a"}),
            "bodyparts left out: nose (labelled, but not of every member); snout (of the members, "
            "but without labels or not of every member)");
  EXPECT_THAT(*left_out_bodyparts(Names{"a"}, Names{"a", "tail"}, Names{"a"}),
              HasSubstr("left out: tail (of the members"));
}

ErrorTable table_of(const std::string& name, double rmse, bool is_member = true) {
  ErrorTable table{.name = name, .is_member = is_member};
  table.rows.emplace_back();
  table.rows.back().distances.rmse = rmse;
  return table;
}

TEST(MembersFarOff, AreThoseOfThreeTimesTheMedianError) {
  const std::vector<ErrorTable> tables = {
      table_of("m1", 8),     table_of("m2", 9),           table_of("m3", 26),
      table_of("m4", 181.4), table_of("mean", 40, false), table_of("median", 10, false)};
  // The median of 8, 9, 26 and 181.4 is 17.5.
  EXPECT_THAT(members_far_off(tables),
              ElementsAre("m4 is far off (RMSE 181 px; the median member's 17.5): the mean "
                          "suffers, take the median or leave it out"));
  EXPECT_THAT(
      members_far_off(std::vector{table_of("m1", 8), table_of("m2", 9), table_of("m3", 31),
                                  table_of("mean", 8, false), table_of("median", 8, false)}),
      ElementsAre(HasSubstr("9): the mean does not suffer; look at where it errs")));
  EXPECT_TRUE(members_far_off(std::vector{table_of("m1", 1), table_of("m2", 99)}).empty());
}

TEST(AllFarOff, IsSaidWhereNobodyIsNearerThanTheAnimalIsLarge) {
  JudgedFrames judged{.bodyparts = {"nose", "tail"}};
  judged.pictures.resize(1);
  judged.labels = {{10, 20}, {16, 28}};  // 5 px from their middle
  const auto tables_of = [](double best) {
    std::vector<ErrorTable> tables = {table_of("m1", 9), table_of("mean", 9, false)};
    tables[0].rows.back().distances.median = 8;
    tables[1].rows.back().distances.median = best;
    return tables;
  };
  EXPECT_FALSE(all_far_off(judged, tables_of(4.9)));
  EXPECT_THAT(
      *all_far_off(judged, tables_of(5.1)),
      HasSubstr("far off (median errors from 5.1 px on; the labelled bodyparts of a picture "
                "lie 5 px from their middle)"));
  judged.labels[1] = {std::nan(""), std::nan("")};
  EXPECT_FALSE(all_far_off(judged, tables_of(99)));
}

/// Forty pictures of one bodypart; the labels lie 3 px off in every other one, else on the spot.
/// Four members say so with likelihood 0.5 and maps of 2 px, the fifth as it is told.
JudgedFrames judged_by(double likelihood, double map_std) {
  JudgedFrames judged{.bodyparts = {"nose"}, .members = {"m1", "m2", "m3", "m4", "m5"}};
  for (int i = 0; i < 40; ++i) {
    judged.pictures.push_back({.name = "p", .members = {0, 1, 2, 3, 4}});
    judged.labels.push_back({i % 2 == 0 ? 103.0 : 101.0, 100});
    for (int m = 0; m < 5; ++m) {
      judged.member_keypoints.push_back({100, 100, m == 4 ? likelihood : 0.5});
      const double std = m == 4 ? map_std : 2;
      judged.member_map_covariance.push_back({std * std, 0, std * std});
    }
  }
  return judged;
}

TEST(MembersTooSure, AreNamedWithTheirFigures) {
  const std::vector<Sureness> all = sureness_of_members(judged_by(0.97, 0.25), 2);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[4].num_points, 40U);
  EXPECT_NEAR(all[4].said, 0.97, 1e-12);
  EXPECT_EQ(all[4].found, 0.5);
  // The median of 0.5^2 and 1.5^2 is 1.25, of d^2 over 2 ln 2 under 2 px: root of 1.25 / 1.3863.
  EXPECT_NEAR(all[0].error_over_stated, 0.9495706, 1e-6);
  EXPECT_NEAR(all[4].error_over_stated, 8 * 0.9495706, 1e-5);
  EXPECT_THAT(members_too_sure(all, 2),
              ElementsAre(HasSubstr("m5 is far too sure: its likelihoods say 97 %, 50 % of its "
                                    "points lie within 2 px of their labels (medians of the "
                                    "members: 50 and 50 %)"),
                          HasSubstr("m5 is far too sure: its errors are 7.6 times what the spread "
                                    "of its own maps states (the median member's 0.9 times)")));
}

TEST(MembersTooSure, AreNoneWhereAllAreAlikeOrTheFiguresAreMissing) {
  EXPECT_TRUE(members_too_sure(sureness_of_members(judged_by(0.6, 1.5), 2), 2).empty());
  JudgedFrames tables = judged_by(std::nan(""), 2);
  tables.member_map_covariance.clear();
  EXPECT_TRUE(members_too_sure(sureness_of_members(tables, 2), 2).empty());
  JudgedFrames few = judged_by(0.97, 0.25);
  few.pictures.resize(19);
  EXPECT_TRUE(members_too_sure(sureness_of_members(few, 2), 2).empty());
}

}  // namespace
}  // namespace posse
