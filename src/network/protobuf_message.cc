#include "network/protobuf_message.h"

#include <bit>

namespace posse {
namespace {

enum WireType : uint64_t { kVarint = 0, kLengthDelimited = 2, kFixed32 = 5 };

uint64_t tag(int field, WireType type) { return static_cast<uint64_t>(field) << 3 | type; }

}  // namespace

void ProtobufMessage::add_varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>((value & 0x7f) | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void ProtobufMessage::add_int(int field, int64_t value) {
  add_varint(tag(field, kVarint));
  add_varint(static_cast<uint64_t>(value));
}

void ProtobufMessage::add_float(int field, float value) {
  add_varint(tag(field, kFixed32));
  const auto bits = std::bit_cast<uint32_t>(value);
  for (int byte = 0; byte < 4; ++byte) bytes_.push_back(static_cast<char>(bits >> (8 * byte)));
}

void ProtobufMessage::begin_bytes(int field, uint64_t size) {
  add_varint(tag(field, kLengthDelimited));
  add_varint(size);
}

void ProtobufMessage::add_bytes(int field, std::string_view bytes) {
  begin_bytes(field, bytes.size());
  bytes_.append(bytes);
}

}  // namespace posse
