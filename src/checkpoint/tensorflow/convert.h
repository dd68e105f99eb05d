/// Converts stored numbers to float32.
#pragma once

#include <cstdint>
#include <span>

#include "checkpoint/tensorflow/tensorflow_checkpoint.h"

namespace posse {

/// True for float32, float64, float16 and bfloat16.
bool is_convertible_to_float32(CheckpointDtype dtype);

/// Converts packed, unaligned numbers; float64 is rounded to nearest, values beyond float32 become
/// infinite.
/// @param bytes  values.size() elements of type `dtype`, which must be convertible.
/// @param big_endian  the byte order in `bytes`.
void convert_to_float32(std::span<const uint8_t> bytes, CheckpointDtype dtype, bool big_endian,
                        std::span<float> values);

}  // namespace posse
