#include "checkpoint/torch/crc32.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace posse {
namespace {

constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = ~uint32_t{0};
  if constexpr (std::endian::native == std::endian::little) {
    while (bytes.size() >= kSlices) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      word ^= crc;
      crc = 0;
      for (size_t i = 0; i < kSlices; ++i) {
        crc ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 255];
      }
      bytes = bytes.subspan(kSlices);
    }
  }
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ byte) & 255];
  return ~crc;
}

}  // namespace posse
