/// Reads immutable sorted string tables (the container of a checkpoint's index): footer, blocks,
/// prefix-compressed keys.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace posse {

/// One entry of a table. Both views die with the call they are handed to.
struct TableEntry {
  std::string_view key;
  std::span<const uint8_t> value;
  uint64_t file_offset = 0;  ///< of the value; of the block if that is compressed
};

/// Caps against files made to exhaust memory; a ResNet-152 needs 34 KB and 780 entries.
inline constexpr uint64_t kMostIndexBytes = uint64_t{64} << 20;
inline constexpr int kMostEntries = 100'000;
inline constexpr size_t kMostKeyBytes = 4096;

/// True if the bytes end like a table.
bool looks_like_a_table(std::span<const uint8_t> file);

/// Hands every entry to `visit`, in key order; checks every block's CRC-32C, all bounds and the
/// order of keys.
///
/// Memory: one decompressed block at a time, at most 24 times the file's size (Snappy cannot expand
/// more).
/// @param name  the file's name for messages.
/// @throws Error(bad_file) for anything malformed, naming the file, the byte and what is wrong
/// there. Source: LevelDB's table format as TensorFlow writes it (core/lib/io/format,
/// table_builder).
void read_table(std::span<const uint8_t> file, const std::string& name,
                const std::function<void(const TableEntry&)>& visit);

}  // namespace posse
