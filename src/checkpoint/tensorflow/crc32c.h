/// CRC-32C (Castagnoli), the checksum of tensor bundles.
#pragma once

#include <cstdint>
#include <span>

namespace posse {

/// CRC-32C of `bytes`, continuing from the checksum `crc` of what came before (0 at the start).
///
/// Reflected polynomial 0x82F63B78, initial and final XOR 0xFFFFFFFF: "123456789" gives 0xE3069283.
/// Uses the SSE 4.2 instruction in three interleaved lanes where the processor has it, tables
/// elsewhere; the value is the same.
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc = 0);

/// The table variant alone: what machines without the instruction run, and what the tests compare
/// with.
uint32_t crc32c_by_tables(std::span<const uint8_t> bytes, uint32_t crc = 0);

/// TensorFlow stores checksums rotated and offset, so that the checksum of data that hold checksums
/// stays useful.
constexpr uint32_t mask_crc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }
constexpr uint32_t unmask_crc32c(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8U;
  return (rotated << 15) | (rotated >> 17);
}

}  // namespace posse
