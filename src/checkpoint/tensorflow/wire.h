/// Reads the two encodings that a checkpoint's index is made of, varints and protobuf messages.
/// Every read is bounds-checked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posse {

/// Bytes as they are walked through, with the place in the file for messages.
class ByteReader {
 public:
  /// @param file  name for messages.
  /// @param file_offset  where bytes[0] lies in the file (of a decompressed block: where the block
  /// starts).
  ByteReader(std::span<const uint8_t> bytes, std::string_view file, uint64_t file_offset)
      : bytes_(bytes), file_(file), file_offset_(file_offset) {}

  bool at_end() const { return position_ == bytes_.size(); }
  size_t remaining() const { return bytes_.size() - position_; }
  uint64_t file_position() const { return file_offset_ + position_; }

  /// Base-128 varint of at most ten bytes. `what` names it in the error.
  /// @throws Error(bad_file) when it is cut off or longer than 64 bits.
  uint64_t varint64(std::string_view what);
  /// As varint64(), at most 32 bits.
  uint32_t varint32(std::string_view what);
  uint32_t fixed32(std::string_view what);
  std::span<const uint8_t> take(uint64_t size, std::string_view what);

  /// @throws Error(bad_file): "FILE: damaged at byte N: WHAT"
  [[noreturn]] void fail(std::string_view what) const;

 private:
  std::span<const uint8_t> bytes_;
  std::string_view file_;
  uint64_t file_offset_;
  size_t position_ = 0;
};

/// One field of a protobuf message.
struct ProtoField {
  enum class Type { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  uint32_t number = 0;
  Type type = Type::varint;
  uint64_t value = 0;              ///< of varint, fixed64 and fixed32
  std::span<const uint8_t> bytes;  ///< of bytes
  uint64_t file_offset = 0;        ///< where `bytes` lies
};

/// The next field, nullopt at the end of the message. @throws Error(bad_file)
std::optional<ProtoField> next_field(ByteReader& message);

/// The field's value as a number in 0..most. @throws Error(bad_file) for another type or value,
/// naming `what`.
int64_t checked_number(const ByteReader& message, const ProtoField& field, int64_t most,
                       std::string_view what);

/// A reader of a field of type bytes. @throws Error(bad_file) for another type, naming `what`.
ByteReader nested(const ByteReader& message, std::string_view file, const ProtoField& field,
                  std::string_view what);

}  // namespace posse
