/// The logarithm of a long product, with one call of log.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace posse {

/// Multiplies positive normal numbers. The mantissa is kept in [1, 2) and exponents are added up,
/// so that nothing overflows however many factors there are.
class LogProduct {
 public:
  void multiply(double factor) {
    const auto bits = std::bit_cast<uint64_t>(mantissa_ * factor);
    exponent_ += static_cast<int64_t>(bits >> 52) - 1023;
    mantissa_ = std::bit_cast<double>((bits & kMantissaBits) | kExponentOfOne);
  }
  double log() const {
    return std::log(mantissa_) + static_cast<double>(exponent_) * std::numbers::ln2;
  }

 private:
  static constexpr uint64_t kMantissaBits = (uint64_t{1} << 52) - 1;
  static constexpr uint64_t kExponentOfOne = uint64_t{1023} << 52;
  double mantissa_ = 1;
  int64_t exponent_ = 0;
};

}  // namespace posse
