#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posse {
namespace {

TEST(Half, EveryNumberComesBack) {
  for (uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const float value = float_from_half(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(float_from_half(half_from_float(value))));
    } else {
      EXPECT_EQ(half_from_float(value), bits);
    }
  }
}

/// The standard's definition: the nearest of the neighbours, of two equally near the even one.
TEST(Half, RoundsToTheNearest) {
  for (uint32_t bits = 0; bits < 0x7bffU; ++bits) {
    const auto low = static_cast<uint16_t>(bits), high = static_cast<uint16_t>(bits + 1);
    const float a = float_from_half(low), b = float_from_half(high);
    const float middle = a + (b - a) / 2;  // exact
    EXPECT_EQ(half_from_float(middle), bits % 2 == 0 ? low : high);
    EXPECT_EQ(half_from_float(std::nextafter(middle, a)), low);
    EXPECT_EQ(half_from_float(-std::nextafter(middle, b)), high | 0x8000U);
  }
}

TEST(Half, KnownNumbers) {
  EXPECT_EQ(half_from_float(1), 0x3c00U);
  EXPECT_EQ(half_from_float(-2), 0xc000U);
  EXPECT_EQ(half_from_float(65504), 0x7bffU);
  EXPECT_EQ(half_from_float(65519.996F), 0x7bffU);
  EXPECT_EQ(half_from_float(65520), 0x7c00U);
  EXPECT_EQ(half_from_float(std::numeric_limits<float>::infinity()), 0x7c00U);
  EXPECT_EQ(half_from_float(0x1p-24F), 1U);
  EXPECT_EQ(half_from_float(0x1p-25F), 0U);
}

}  // namespace
}  // namespace posse
