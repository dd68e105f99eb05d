/// Writes TensorFlow V2 checkpoints for tests: whole ones, and damaged or unusual ones from their
/// parts.
///
/// Shares no code with the reader (src/checkpoint), not even the checksum, so that the one proves
/// the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/tensor.h"

namespace posse::testing {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct CheckpointWriterOptions {
  int num_shards = 1;  ///< the variables are spread over the data files in order of names, by bytes
  size_t block_bytes = 262144;  ///< of the index's data blocks; small values give many
  bool snappy = false;          ///< compress the index's data blocks, as sharded savers do
};

/// Writes <prefix>.index and <prefix>.data-NNNNN-of-MMMMM (float32), making missing folders; names
/// may come in any order.
void write_checkpoint(const std::filesystem::path& prefix, std::span<const NamedTensor> variables,
                      const CheckpointWriterOptions& options = {});

/// Fields of one index entry (BundleEntryProto); fields that are 0 are left out, as protobuf does.
struct EntryFields {
  int dtype = 1;
  std::vector<int64_t> shape;
  int shard = 0;
  int64_t offset = 0;
  int64_t num_bytes = 0;
  uint32_t crc32c = 0;  ///< of the bytes, not masked
};
std::string encode_entry(const EntryFields& fields);

/// BundleHeaderProto.
std::string encode_header(int num_shards = 1, int endianness = 0, int min_consumer = 0);

/// A sorted string table of these entries, in this order, whether that is sorted or not. No header
/// is added.
std::string encode_table(std::span<const std::pair<std::string, std::string>> entries,
                         size_t block_bytes = 262144, bool snappy = false);

/// CRC-32C by definition, one byte at a time.
uint32_t plain_crc32c(std::string_view bytes);
uint32_t plain_mask_crc32c(uint32_t crc);
/// Base-128 varint.
std::string encode_varint(uint64_t value);

}  // namespace posse::testing
