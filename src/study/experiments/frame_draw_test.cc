#include "study/experiments/frame_draw.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

using Rows = std::vector<size_t>;

// numpy 1.24: numpy.random.seed(s); sorted(numpy.random.choice(58, n, replace=False))
TEST(DrawRows, AreThoseOfNumpysLegacyGenerator) {
  EXPECT_EQ(draw_rows(58, 5, 2), (Rows{23, 29, 35, 44, 55}));
  EXPECT_EQ(draw_rows(58, 5, 27), (Rows{6, 11, 39, 49, 51}));
  EXPECT_EQ(draw_rows(58, 5, 42), (Rows{0, 5, 13, 34, 44}));
  EXPECT_EQ(draw_rows(58, 17, 2),
            (Rows{0, 1, 9, 10, 13, 23, 27, 28, 29, 30, 35, 42, 44, 47, 53, 54, 55}));
}

TEST(DrawRows, OfAllAreAllAndOfMoreAreRefused) {
  EXPECT_EQ(draw_rows(3, 3, 7), (Rows{0, 1, 2}));
  EXPECT_TRUE(draw_rows(3, 0, 7).empty());
  EXPECT_THROW(draw_rows(3, 4, 7), Error);
}

}  // namespace
}  // namespace posse
