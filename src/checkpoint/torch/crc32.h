/// CRC-32 as zip archives hold it.
#pragma once

#include <cstdint>
#include <span>

namespace posse {

/// Polynomial 0xEDB88320, reflected, start and end inverted: crc32("123456789") is 0xCBF43926.
uint32_t crc32(std::span<const uint8_t> bytes);

}  // namespace posse
