#include "checkpoint/tensorflow/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

template <typename Bits>
Bits load(const uint8_t* data, bool big_endian) {
  Bits bits = 0;
  if (!big_endian) {
    std::memcpy(&bits, data, sizeof(Bits));
    return bits;
  }
  for (size_t i = 0; i < sizeof(Bits); ++i) bits = static_cast<Bits>(bits << 8 | data[i]);
  return bits;
}

float float_of_half(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const float sign = (half & 0x8000U) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) {
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

template <typename Bits, typename Convert>
void convert_each(std::span<const uint8_t> bytes, bool big_endian, std::span<float> values,
                  Convert&& convert) {
  POSSE_ASSERT(bytes.size() == values.size() * sizeof(Bits));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = convert(load<Bits>(bytes.data() + i * sizeof(Bits), big_endian));
  }
}

}  // namespace

bool is_convertible_to_float32(CheckpointDtype dtype) {
  return dtype == CheckpointDtype::float32 || dtype == CheckpointDtype::float64 ||
         dtype == CheckpointDtype::float16 || dtype == CheckpointDtype::bfloat16;
}

void convert_to_float32(std::span<const uint8_t> bytes, CheckpointDtype dtype, bool big_endian,
                        std::span<float> values) {
  if (values.empty()) return;
  if (dtype == CheckpointDtype::float32 && !big_endian) {
    POSSE_ASSERT(bytes.size() == values.size_bytes());
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return;
  }
  switch (dtype) {
    case CheckpointDtype::float32:
      return convert_each<uint32_t>(bytes, big_endian, values,
                                    [](uint32_t bits) { return std::bit_cast<float>(bits); });
    case CheckpointDtype::float64:
      return convert_each<uint64_t>(bytes, big_endian, values, [](uint64_t bits) {
        return static_cast<float>(std::bit_cast<double>(bits));
      });
    case CheckpointDtype::bfloat16:
      return convert_each<uint16_t>(bytes, big_endian, values, [](uint16_t bits) {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      });
    case CheckpointDtype::float16:
      return convert_each<uint16_t>(bytes, big_endian, values, float_of_half);
    default:
      POSSE_ASSERT(false);
  }
}

}  // namespace posse
