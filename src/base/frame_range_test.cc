#include "base/frame_range.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

TEST(FrameRange, ReadsStartStopStep) {
  const FrameRange range = FrameRange::parse("10:20:3");
  EXPECT_EQ(range, (FrameRange{.start = 10, .stop = 20, .step = 3}));
  EXPECT_TRUE(range.contains(13));
  EXPECT_FALSE(range.contains(14));
  EXPECT_FALSE(range.contains(20));
  EXPECT_EQ(range.count(1000), 4);  // 10 13 16 19
  EXPECT_EQ(range.count(14), 2);
}

TEST(FrameRange, PiecesMayBeLeftOut) {
  EXPECT_TRUE(FrameRange::parse("").is_all());
  EXPECT_EQ(FrameRange::parse("5:"), (FrameRange{.start = 5}));
  EXPECT_EQ(FrameRange::parse(":5"), (FrameRange{.stop = 5}));
  EXPECT_EQ(FrameRange::parse("::2"), (FrameRange{.step = 2}));
  EXPECT_EQ(FrameRange::parse("7"), (FrameRange{.start = 7, .stop = 8}));
}

TEST(FrameRange, EmptyRangeHasNoFrames) {
  EXPECT_EQ(FrameRange::parse("4:4").count(100), 0);
  EXPECT_EQ(FrameRange::parse("50:60").count(10), 0);
}

TEST(FrameRange, RefusesWhatIsNoRange) {
  for (const char* text : {"a:b", "-1:5", "1:2:0", "9:3", "1:2:3:4", "1.5:2", "1 :2"}) {
    EXPECT_THROW(FrameRange::parse(text), Error) << text;
  }
}

TEST(FrameRange, TextRoundTrips) {
  for (const char* text : {"10:20:3", "0:5", "3:", "0::2"}) {
    EXPECT_EQ(FrameRange::parse(FrameRange::parse(text).to_string()), FrameRange::parse(text));
  }
}

}  // namespace
}  // namespace posse
