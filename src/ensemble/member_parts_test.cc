#include "ensemble/member_parts.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

using Parts = std::vector<MemberPart>;

TEST(MemberParts, AreOneWhereAllFitIntoHalfOfTheMemory) {
  const std::vector<int64_t> five(5, 100);
  EXPECT_EQ(member_parts(five, 1000, 0), (Parts{{0, 5}}));
  EXPECT_EQ(member_parts(five, 999, 0), (Parts{{0, 3}, {3, 5}}));
}

TEST(MemberParts, AreAboutEquallyLarge) {
  EXPECT_EQ(member_parts(std::vector<int64_t>(10, 100), 800, 0), (Parts{{0, 4}, {4, 7}, {7, 10}}));
  EXPECT_EQ(member_parts(std::vector<int64_t>(5, 100), 1, 2), (Parts{{0, 2}, {2, 4}, {4, 5}}));
  EXPECT_EQ(member_parts(std::vector<int64_t>(5, 100), 1, 50), (Parts{{0, 5}}));
}

TEST(MemberParts, HoldNoMoreThanFitsAndAtLeastOne) {
  const std::vector<int64_t> sizes{100, 100, 900, 100, 100, 100};
  EXPECT_EQ(member_parts(sizes, 600, 0), (Parts{{0, 2}, {2, 3}, {3, 6}}));
}

}  // namespace
}  // namespace posse
