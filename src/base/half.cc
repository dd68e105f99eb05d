#include "base/half.h"

#include <bit>
#include <cmath>

namespace posse {
namespace {

constexpr uint32_t kInfinity = 0x7f800000U;
constexpr uint32_t kFirstInfiniteHalf = 0x477ff000U;  // 65520
constexpr uint32_t kFirstNormalHalf = 0x38800000U;    // 2^-14
constexpr uint32_t kBiases = (127U - 15U) << 23;
constexpr float kSubnormals = 16777216.0F;  // that there are in 1

}  // namespace

uint16_t half_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000U;
  const uint32_t size = bits & 0x7fffffffU;
  uint32_t half = 0;
  if (size > kInfinity) {
    half = 0x7e00U;
  } else if (size >= kFirstInfiniteHalf) {
    half = 0x7c00U;
  } else if (size < kFirstNormalHalf) {
    half = static_cast<uint32_t>(std::lrint(std::bit_cast<float>(size) * kSubnormals));
  } else {
    half = (size - kBiases + 0xfffU + (size >> 13 & 1U)) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

float float_from_half(uint16_t half) {
  const uint32_t sign = (half & 0x8000U) << 16;
  const uint32_t size = half & 0x7fffU;
  if (size >= 0x7c00U) return std::bit_cast<float>(sign | kInfinity | (size & 0x3ffU) << 13);
  if (size < 0x400U) {
    const float value = static_cast<float>(size) / kSubnormals;
    return sign == 0 ? value : -value;
  }
  return std::bit_cast<float>(sign | ((size << 13) + kBiases));
}

}  // namespace posse
