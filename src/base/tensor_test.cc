#include "base/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

TEST(Tensor, StartsAsNaN) {
  const Tensor tensor({2, 3});
  ASSERT_EQ(tensor.size(), 6);
  for (const float value : tensor.values()) EXPECT_TRUE(std::isnan(value));
}

TEST(Tensor, IsAlignedForVectorLoads) {
  EXPECT_EQ(reinterpret_cast<uintptr_t>(Tensor({5}).data()) % 64, 0U);
}

TEST(Tensor, RefusesValuesThatDoNotFit) {
  const float values[] = {1, 2, 3};
  EXPECT_THROW(Tensor({2, 2}, values), Error);
}

TEST(Tensor, EmptyAxisGivesNoElements) { EXPECT_EQ(Tensor({0, 7}).size(), 0); }

TEST(NumElements, RefusesOverflowAndNegativeExtents) {
  const int64_t big = std::numeric_limits<int64_t>::max() / 2;
  EXPECT_THROW(num_elements({big, 3}), Error);
  EXPECT_THROW(num_elements({-1, 3}), Error);
  EXPECT_EQ(num_elements({}), 1);
}

}  // namespace
}  // namespace posse
