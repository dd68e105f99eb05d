#include "base/natural_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace posse {
namespace {

TEST(NaturalOrder, RunsOfDigitsCountAsNumbers) {
  std::vector<std::string> names = {"member-10", "member-2", "b", "member-1",
                                    "a10b2",     "a10b11",   "a9"};
  std::sort(names.begin(), names.end(), naturally_before);
  EXPECT_THAT(names, ::testing::ElementsAre("a9", "a10b2", "a10b11", "b", "member-1", "member-2",
                                            "member-10"));
}

TEST(NaturalOrder, IsAStrictOrderEvenWithLeadingZerosAndHugeNumbers) {
  const std::vector<std::string> names = {"",
                                          "0",
                                          "00",
                                          "1",
                                          "01",
                                          "a",
                                          "a1",
                                          "a01",
                                          std::string(400, '9'),
                                          "1" + std::string(400, '0')};
  for (const auto& a : names) {
    EXPECT_FALSE(naturally_before(a, a));
    for (const auto& b : names) {
      if (a == b) continue;
      EXPECT_NE(naturally_before(a, b), naturally_before(b, a)) << a << " " << b;
    }
  }
  EXPECT_TRUE(naturally_before(names[8], names[9]));
}

}  // namespace
}  // namespace posse
