#include "consensus/bodypart_alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AlignBodyparts, MatchesByNameInTheFirstMembersOrder) {
  const std::vector<MemberBodyparts> members = {{"one", {"snout", "ear", "tail"}},
                                                {"two", {"tail", "snout", "ear"}}};
  const BodypartAlignment alignment = align_bodyparts(members, false);
  EXPECT_THAT(alignment.bodyparts, ElementsAre("snout", "ear", "tail"));
  EXPECT_THAT(alignment.column_of_bodypart,
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(1, 2, 0)));
  EXPECT_TRUE(alignment.left_out.empty());
}

TEST(AlignBodyparts, SaysWhichMemberLacksWhat) {
  const std::vector<MemberBodyparts> members = {{"one", {"snout", "tail"}}, {"two", {"snout"}}};
  try {
    align_bodyparts(members, false);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
    EXPECT_THAT(error.what(), HasSubstr("one has 'tail', two has not"));
    EXPECT_THAT(error.what(), HasSubstr("--common-bodyparts"));
  }
}

TEST(AlignBodyparts, KeepsTheCommonOnesOnRequest) {
  const std::vector<MemberBodyparts> members = {{"one", {"a", "b", "c"}}, {"two", {"c", "d", "a"}}};
  const BodypartAlignment alignment = align_bodyparts(members, true);
  EXPECT_THAT(alignment.bodyparts, ElementsAre("a", "c"));
  EXPECT_THAT(alignment.column_of_bodypart, ElementsAre(ElementsAre(0, 2), ElementsAre(2, 0)));
  EXPECT_THAT(alignment.left_out, ElementsAre("b", "d"));
}

TEST(AlignBodyparts, NeedsSomethingInCommon) {
  const std::vector<MemberBodyparts> members = {{"one", {"a"}}, {"two", {"b"}}};
  EXPECT_THROW(align_bodyparts(members, true), Error);
  EXPECT_THROW(align_bodyparts({}, true), Error);
}

TEST(AlignBodyparts, RefusesANameThatIsListedTwice) {
  const std::vector<MemberBodyparts> members = {{"one", {"a", "b", "a"}}};
  EXPECT_THROW(align_bodyparts(members, false), Error);
}

}  // namespace
}  // namespace posse
