/// Reads the zip files that torch.save() writes: a list of stored entries, read where they lie.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// One file of an archive.
struct ZipEntry {
  /// The name with its folders, as "archive/data/0".
  std::string name;
  /// Place of its first byte in the archive.
  uint64_t offset = 0;
  /// Bytes that it takes in the archive.
  uint64_t size = 0;
  uint32_t crc32 = 0;
  /// Why the bytes are not the file's own, as "compressed (method 8)"; empty: they are.
  std::string coded;
};

/// A zip archive, read where it lies; entries that are stored as they are can be used.
///
/// Sizes and checksums come from the central directory alone: torch leaves them zero in front of
/// each entry. ZIP64 is read. Immutable; the bytes belong to somebody else and have to outlive it.
class ZipArchive {
 public:
  /// @param file  for messages.
  /// @throws Error(bad_file) naming the place: no end of an archive (a file that was cut off), a
  ///         directory or an entry that reaches beyond the file, entries that overlap or share a
  ///         name, archives of several parts.
  ZipArchive(std::span<const uint8_t> bytes, std::string file);

  /// @throws Error(unsupported), naming the first entry that is compressed or encrypted.
  void require_stored() const;
  /// In the order of the central directory.
  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// nullptr if there is none of that name.
  const ZipEntry* find(std::string_view name) const;
  std::span<const uint8_t> bytes_of(const ZipEntry& entry) const {
    return bytes_.subspan(entry.offset, entry.size);
  }
  /// Empty if the entry's checksum is right, else a sentence that says it is not.
  std::string why_damaged(const ZipEntry& entry) const;

 private:
  std::span<const uint8_t> bytes_;
  std::string file_;
  std::vector<ZipEntry> entries_;
  std::vector<size_t> by_name_;  ///< positions in entries_, sorted by name
};

}  // namespace posse
