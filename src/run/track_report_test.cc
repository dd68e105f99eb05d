#include "run/track_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

const std::vector<std::string> kParts = {"paw1", "paw2", "ear1", "ear2", "nose"};

TEST(LookAlikeGroups, AreReadByName) {
  EXPECT_EQ(parse_look_alikes("paw1,paw2;ear2,ear1", kParts),
            (std::vector<std::vector<int>>{{0, 1}, {3, 2}}));
  EXPECT_TRUE(parse_look_alikes("none", kParts).empty());
  EXPECT_TRUE(parse_look_alikes("auto", kParts).empty());
}

TEST(LookAlikeGroups, UnknownNamesAreToldWithThoseThatThereAre) {
  try {
    parse_look_alikes("paw1,paw3", kParts);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("no bodypart 'paw3'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("paw1, paw2, ear1"), std::string::npos);
  }
}

TEST(LookAlikeGroups, OfOneOfTooManyOrNamedTwiceAreRefused) {
  EXPECT_THROW(parse_look_alikes("paw1", kParts), Error);
  EXPECT_THROW(parse_look_alikes("paw1,paw2;paw2,ear1", kParts), Error);
  EXPECT_THROW(parse_look_alikes("paw1,;", kParts), Error);
  std::vector<std::string> many;
  std::string group;
  for (int i = 0; i < 20; ++i) {
    many.push_back("leg" + std::to_string(i));
    group += (i == 0 ? "" : ",") + many.back();
  }
  EXPECT_THROW(parse_look_alikes(group, many), Error);
}

}  // namespace
}  // namespace posse
