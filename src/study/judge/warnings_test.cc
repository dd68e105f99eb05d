#include "study/judge/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace posse
