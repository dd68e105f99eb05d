#include "checkpoint/tensorflow/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "simd/instruction_set.h"

namespace posse {
namespace {

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie in memory");

constexpr uint32_t kPolynomial = 0x82F63B78U;

using Tables = std::array<std::array<uint32_t, 256>, 8>;

/// tables[k][b]: the register after byte b and k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    tables[0][b] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      tables[k][b] = tables[0][tables[k - 1][b] & 255U] ^ (tables[k - 1][b] >> 8);
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

uint64_t load_word(const uint8_t* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, 8);
  return word;
}

/// The register (no initial or final XOR) after `size` more bytes, eight at a time.
uint32_t extend_by_tables(uint32_t reg, const uint8_t* data, size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    const uint64_t word = load_word(data) ^ reg;
    reg = 0;
    for (size_t k = 0; k < 8; ++k) reg ^= kTables[7 - k][(word >> (8 * k)) & 255U];
  }
  for (; size > 0; ++data, --size) reg = kTables[0][(reg ^ *data) & 255U] ^ (reg >> 8);
  return reg;
}

#if defined(__x86_64__)

// The instruction has a latency of three cycles and a throughput of one: three lanes keep it busy.
constexpr size_t kLaneBytes = 4096;

using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

/// table[k][b]: the register (b << 8k) after kLaneBytes zero bytes. The register is linear in its
/// start value.
ShiftTable make_shift_table() {
  std::array<uint32_t, 32> columns{};
  const std::array<uint8_t, kLaneBytes> zeros{};
  for (size_t bit = 0; bit < 32; ++bit) {
    columns[bit] = extend_by_tables(uint32_t{1} << bit, zeros.data(), zeros.size());
  }
  ShiftTable table{};
  for (size_t k = 0; k < 4; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      for (size_t bit = 0; bit < 8; ++bit) {
        if ((b >> bit & 1U) != 0) table[k][b] ^= columns[8 * k + bit];
      }
    }
  }
  return table;
}

uint32_t shift_by_a_lane(const ShiftTable& table, uint32_t reg) {
  return table[0][reg & 255U] ^ table[1][reg >> 8 & 255U] ^ table[2][reg >> 16 & 255U] ^
         table[3][reg >> 24];
}

__attribute__((target("sse4.2"))) uint32_t extend_by_instruction(uint32_t reg, const uint8_t* data,
                                                                 size_t size) {
  if (size >= 3 * kLaneBytes) {
    static const ShiftTable kTable = make_shift_table();
    for (; size >= 3 * kLaneBytes; data += 3 * kLaneBytes, size -= 3 * kLaneBytes) {
      uint64_t a = reg;
      uint64_t b = 0;
      uint64_t c = 0;
      for (size_t i = 0; i < kLaneBytes; i += 8) {
        a = _mm_crc32_u64(a, load_word(data + i));
        b = _mm_crc32_u64(b, load_word(data + kLaneBytes + i));
        c = _mm_crc32_u64(c, load_word(data + 2 * kLaneBytes + i));
      }
      const uint32_t ab =
          shift_by_a_lane(kTable, static_cast<uint32_t>(a)) ^ static_cast<uint32_t>(b);
      reg = shift_by_a_lane(kTable, ab) ^ static_cast<uint32_t>(c);
    }
  }
  uint64_t wide = reg;
  for (; size >= 8; data += 8, size -= 8) wide = _mm_crc32_u64(wide, load_word(data));
  reg = static_cast<uint32_t>(wide);
  for (; size > 0; ++data, --size) reg = _mm_crc32_u8(reg, *data);
  return reg;
}

#endif

}  // namespace

uint32_t crc32c_by_tables(std::span<const uint8_t> bytes, uint32_t crc) {
  return ~extend_by_tables(~crc, bytes.data(), bytes.size());
}

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc) {
#if defined(__x86_64__)
  if (has_crc32c_instruction()) return ~extend_by_instruction(~crc, bytes.data(), bytes.size());
#endif
  return crc32c_by_tables(bytes, crc);
}

}  // namespace posse
