#include "checkpoint/tensorflow/wire.h"

#include <fmt/format.h>

#include <cstring>

#include "base/error.h"

namespace posse {

void ByteReader::fail(std::string_view what) const {
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: damaged at byte {}: {}", file_, file_position(), what),
              {.hint = "copy the file again from where the network was trained"});
}

uint64_t ByteReader::varint64(std::string_view what) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_end()) fail(fmt::format("{} is cut off", what));
    const uint64_t byte = bytes_[position_++];
    if (shift == 63 && byte > 1) break;
    value |= (byte & 127U) << shift;
    if (byte < 128) return value;
  }
  fail(fmt::format("{} is longer than 64 bits", what));
}

uint32_t ByteReader::varint32(std::string_view what) {
  const uint64_t value = varint64(what);
  if (value > UINT32_MAX) fail(fmt::format("{} is {}, more than 32 bits", what, value));
  return static_cast<uint32_t>(value);
}

uint32_t ByteReader::fixed32(std::string_view what) {
  const auto bytes = take(4, what);
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), 4);
  return value;
}

std::span<const uint8_t> ByteReader::take(uint64_t size, std::string_view what) {
  if (size > remaining()) {
    fail(fmt::format("{} has {} bytes, {} are left", what, size, remaining()));
  }
  const auto part = bytes_.subspan(position_, size);
  position_ += size;
  return part;
}

std::optional<ProtoField> next_field(ByteReader& message) {
  if (message.at_end()) return std::nullopt;
  const uint32_t tag = message.varint32("a field's tag");
  ProtoField field{.number = tag >> 3};
  if (field.number == 0) message.fail("field number 0");
  switch (tag & 7U) {
    case 0:
      field.type = ProtoField::Type::varint;
      field.value = message.varint64("a field's value");
      return field;
    case 1: {
      field.type = ProtoField::Type::fixed64;
      const auto bytes = message.take(8, "a field's value");
      std::memcpy(&field.value, bytes.data(), 8);
      return field;
    }
    case 2: {
      field.type = ProtoField::Type::bytes;
      const uint64_t size = message.varint64("a field's length");
      field.file_offset = message.file_position();
      field.bytes = message.take(size, "a field");
      return field;
    }
    case 5:
      field.type = ProtoField::Type::fixed32;
      field.value = message.fixed32("a field's value");
      return field;
    default:
      message.fail(fmt::format("field {} has the unknown wire type {}", field.number, tag & 7U));
  }
}

int64_t checked_number(const ByteReader& message, const ProtoField& field, int64_t most,
                       std::string_view what) {
  if (field.type != ProtoField::Type::varint) message.fail(fmt::format("{} is not a number", what));
  if (field.value > static_cast<uint64_t>(most)) {
    message.fail(
        fmt::format("{} is {}, expected 0 to {}", what, static_cast<int64_t>(field.value), most));
  }
  return static_cast<int64_t>(field.value);
}

ByteReader nested(const ByteReader& message, std::string_view file, const ProtoField& field,
                  std::string_view what) {
  if (field.type != ProtoField::Type::bytes) message.fail(fmt::format("{} is not a message", what));
  return {field.bytes, file, field.file_offset};
}

}  // namespace posse
