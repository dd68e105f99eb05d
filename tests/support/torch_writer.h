/// Writes files as torch.save() does, for tests: whole ones, and damaged or unusual ones from their
/// parts.
///
/// Shares no code with the reader (src/checkpoint/torch), not even the checksum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/checkpoint_writer.h"

namespace posse::testing {

/// A file of an archive.
struct ZipPart {
  std::string name;
  std::string bytes;
  int method = 0;      ///< 8: said to be compressed
  int64_t crc32 = -1;  ///< -1: the right one
};

/// A zip archive as torch writes it: sizes and checksums in the central directory alone, payloads
/// on 64-byte boundaries. @param zip64  with the ZIP64 end, and with sizes and places in extra
/// fields
std::string encode_zip(std::span<const ZipPart> parts, bool zip64 = false);

/// Pickle of protocol 2, written opcode by opcode.
class PickleBytes {
 public:
  PickleBytes() : bytes_("\x80\x02", 2) {}
  PickleBytes& raw(std::string_view opcodes);
  PickleBytes& text(std::string_view text);
  PickleBytes& integer(int64_t value);
  PickleBytes& global(std::string_view module, std::string_view name);
  PickleBytes& ints(std::span<const int64_t> values);  ///< a tuple
  /// A tensor by _rebuild_tensor_v2.
  PickleBytes& tensor(std::string_view storage_class, std::string_view key, int64_t num_stored,
                      int64_t offset, std::span<const int64_t> shape,
                      std::span<const int64_t> strides);
  std::string finish() const { return bytes_ + '.'; }

 private:
  std::string bytes_;
};

/// Row-major strides.
std::vector<int64_t> contiguous_strides(std::span<const int64_t> shape);

enum class TorchKind { snapshot, lightning, bare };

/// The outermost dict of such a file with these tensors, one storage each.
std::string torch_pickle_of(std::span<const NamedTensor> tensors, TorchKind kind);

/// The whole file. @param root  of its entries, without the slash
std::string encode_torch(std::span<const NamedTensor> tensors, TorchKind kind,
                         std::string_view root = "archive");
void write_torch(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                 TorchKind kind);

}  // namespace posse::testing
