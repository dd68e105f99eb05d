#include "checkpoint/tensorflow/string_tensor.h"

#include <cstring>

#include "base/error.h"
#include "checkpoint/tensorflow/crc32c.h"
#include "checkpoint/tensorflow/wire.h"

namespace posse {
namespace {

template <typename Number>
uint32_t extend(uint32_t crc, Number number) {
  uint8_t bytes[sizeof(Number)];
  std::memcpy(bytes, &number, sizeof(Number));
  return crc32c(bytes, crc);
}

uint32_t read_and_check(ByteReader& reader, int64_t num_strings) {
  uint32_t crc = 0;
  uint64_t total = 0;
  for (int64_t i = 0; i < num_strings; ++i) {
    const uint64_t length = reader.varint64("a string's length");
    crc = length <= UINT32_MAX ? extend(crc, static_cast<uint32_t>(length)) : extend(crc, length);
    if (__builtin_add_overflow(total, length, &total)) reader.fail("strings longer than any file");
  }
  const uint32_t stored = reader.fixed32("the lengths' checksum");
  if (unmask_crc32c(stored) != crc) reader.fail("the lengths' checksum is wrong");
  crc = extend(crc, stored);
  if (total != reader.remaining()) reader.fail("the strings' lengths do not add up");
  return crc32c(reader.take(total, "the strings"), crc);
}

}  // namespace

std::optional<uint32_t> crc32c_of_strings(std::span<const uint8_t> bytes, const Shape& shape) {
  ByteReader reader(bytes, "strings", 0);
  try {
    return read_and_check(reader, num_elements(shape));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace posse
