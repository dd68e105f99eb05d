#include "base/count_text.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

TEST(CountText, ANounHasAnSForAllButOne) {
  EXPECT_EQ(count_text(0, "frame"), "0 frames");
  EXPECT_EQ(count_text(1, "frame"), "1 frame");
  EXPECT_EQ(count_text(2, "frame"), "2 frames");
}

}  // namespace
}  // namespace posse
