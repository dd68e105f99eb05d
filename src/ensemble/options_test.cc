#include "ensemble/options.h"

#include <gtest/gtest.h>

#include "support/errors.h"

namespace posse {
namespace {

TEST(BatchNormChoiceText, IsReadAndWrittenAlike) {
  for (const char* text : {"auto", "frame", "moving", "batch:1", "batch:8", "batch:1000"})
    EXPECT_EQ(BatchNormChoice::parse(text).to_string(), text);
  EXPECT_EQ(BatchNormChoice::parse("batch:8").num_frames, 8);
}

TEST(BodypartMap, GivesOldNamesNewOnes) {
  EXPECT_TRUE(parse_bodypart_map("").empty());
  const auto map = parse_bodypart_map("nose=snout,left ear=leftear");
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map[1].first, "left ear");
  EXPECT_EQ(map[1].second, "leftear");
}

TEST(BodypartMap, OtherTextsAreRefused) {
  for (const char* text : {"nose", "=snout", "nose=", "nose=snout,", "a=b,a=c"}) {
    EXPECT_EQ(testing::error_of([&] { parse_bodypart_map(text); }).kind(), ErrorKind::usage)
        << text;
  }
}

TEST(BatchNormChoiceText, OtherWordsAreRefusedWithThoseThereAre) {
  for (const char* text : {"", "batch", "batch:", "batch:0", "batch:-8", "batch:8.0", "batch:1001",
                           "batch:8 ", "8", "Frame"}) {
    const Error error = testing::error_of([&] { static_cast<void>(BatchNormChoice::parse(text)); });
    EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
    EXPECT_NE(error.notes().have.find("batch:N"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace posse
