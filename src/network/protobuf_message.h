/// Writes Protocol Buffers' wire format, as far as ONNX files need it (docs/decisions).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posse {

/// The bytes of one message, field after field. Zero and empty values are written like any other.
class ProtobufMessage {
 public:
  /// int32, int64, enum: negative numbers take ten bytes, as the format has it.
  void add_int(int field, int64_t value);
  void add_float(int field, float value);
  void add_bytes(int field, std::string_view bytes);
  void add_message(int field, const ProtobufMessage& message) { add_bytes(field, message.bytes_); }
  /// Announces a field of `size` bytes that the caller writes behind this message's bytes.
  void begin_bytes(int field, uint64_t size);

  const std::string& bytes() const { return bytes_; }

 private:
  void add_varint(uint64_t value);
  std::string bytes_;
};

}  // namespace posse
