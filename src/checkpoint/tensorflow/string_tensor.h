/// Computes the checksum of string variables, whose bytes are not checksummed as they lie in the
/// file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/tensor.h"

namespace posse {

/// The CRC-32C that a checkpoint's index keeps for a string variable.
///
/// Stored: one varint length per string, the masked checksum of the lengths (4 bytes), then the
/// strings. The checksum runs over the lengths as 32-bit numbers (64-bit from 2^32 on), the 4
/// bytes, then the strings.
/// @return nullopt if the bytes do not have that form or the inner checksum is wrong.
/// Source: WriteStringTensor of TensorFlow's core/util/tensor_bundle/tensor_bundle.cc.
std::optional<uint32_t> crc32c_of_strings(std::span<const uint8_t> bytes, const Shape& shape);

}  // namespace posse
