/// Numbers of 16 bits (IEEE 754 binary16), as graphics cards compute with.
#pragma once

#include <cstdint>

namespace posse {

/// Rounded to nearest, ties to even. Infinite from 65,520 on; NaN stays NaN.
uint16_t half_from_float(float value);

/// Exact.
float float_from_half(uint16_t half);

}  // namespace posse
