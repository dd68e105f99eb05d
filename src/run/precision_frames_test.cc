#include "run/precision_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SpreadFrames, LieInTheMiddleOfEqualShares) {
  EXPECT_THAT(spread_frames({}, 100, 4), ElementsAre(12, 37, 62, 87));
  EXPECT_THAT(spread_frames({.start = 10, .step = 2}, 4, 4), ElementsAre(10, 12, 14, 16));
  EXPECT_THAT(spread_frames({}, 3, 32), ElementsAre(0, 1, 2));
  EXPECT_THAT(spread_frames({.start = 7}, 1, 32), ElementsAre(7));
  EXPECT_THAT(spread_frames({}, 0, 32), IsEmpty());
}

}  // namespace
}  // namespace posse
