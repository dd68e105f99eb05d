#include "checkpoint/tensorflow/table_file.h"

#include <fmt/format.h>
#include <snappy.h>

#include <array>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/tensorflow/crc32c.h"
#include "checkpoint/tensorflow/wire.h"

namespace posse {
namespace {

constexpr size_t kFooterBytes = 48;
constexpr size_t kTrailerBytes = 5;  // type and checksum behind each block
constexpr std::array<uint8_t, 8> kMagic = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
// A Snappy element of at least 3 bytes (2 for at most 11) gives at most 64 bytes.
constexpr uint64_t kMostSnappyExpansion = 24;

struct Handle {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct Block {
  std::span<const uint8_t> contents;
  std::vector<uint8_t> owned;  // where contents lie if they were compressed
  uint64_t file_offset = 0;
};

Handle read_handle(ByteReader& reader, std::string_view what) {
  const uint64_t offset = reader.varint64(fmt::format("{}'s offset", what));
  const uint64_t size = reader.varint64(fmt::format("{}'s size", what));
  return {offset, size};
}

class TableReader {
 public:
  TableReader(std::span<const uint8_t> file, const std::string& name) : file_(file), name_(name) {}

  void read(const std::function<void(const TableEntry&)>& visit) {
    check_footer();
    const size_t footer_at = file_.size() - kFooterBytes;
    ByteReader footer(file_.subspan(footer_at, kFooterBytes - kMagic.size()), name_, footer_at);
    read_handle(footer, "the metaindex block");  // empty, not needed
    const Block index = read_block(read_handle(footer, "the index block"), footer_at);
    uint64_t blocks_end = 0;
    for_each_entry(index, [&](std::string_view, std::span<const uint8_t> value, uint64_t offset) {
      ByteReader reader(value, name_, offset);
      const Handle handle = read_handle(reader, "a data block");
      if (handle.offset < blocks_end) reader.fail("data blocks overlap or are out of order");
      const Block block = read_block(handle, offset);
      blocks_end = handle.offset + handle.size + kTrailerBytes;
      for_each_entry(block, [&](std::string_view key, std::span<const uint8_t> bytes, uint64_t at) {
        check_order(key, at);
        visit({.key = key, .value = bytes, .file_offset = at});
      });
    });
  }

 private:
  [[noreturn]] void fail(uint64_t offset, const std::string& what) const {
    ByteReader({}, name_, offset).fail(what);
  }

  void check_footer() const {
    if (file_.size() > kMostIndexBytes) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: has {} bytes; an index of more than {} is not read", name_,
                              file_.size(), kMostIndexBytes));
    }
    if (!looks_like_a_table(file_)) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: is not a TensorFlow checkpoint index: {}", name_,
                      file_.size() < kFooterBytes
                          ? fmt::format("{} bytes, fewer than the 48 of its footer", file_.size())
                          : "the last 8 bytes are not its signature (cut off?)"),
          {.hint = "copy the file again from where the network was trained"});
    }
  }

  Block read_block(const Handle& handle, uint64_t named_at) const {
    const uint64_t size = file_.size();
    if (handle.offset > size || handle.size > size - handle.offset ||
        size - handle.offset - handle.size < kTrailerBytes) {
      fail(named_at, fmt::format("a block of {} bytes at {} lies outside the file of {} bytes",
                                 handle.size, handle.offset, size));
    }
    const auto stored = file_.subspan(handle.offset, handle.size + 1);
    uint32_t masked = 0;
    std::memcpy(&masked, stored.data() + stored.size(), 4);
    if (crc32c(stored) != unmask_crc32c(masked)) {
      fail(handle.offset,
           fmt::format("the checksum of the block of {} bytes is wrong", handle.size));
    }
    const uint8_t type = stored.back();
    const auto contents = stored.first(handle.size);
    if (type == 0) return {.contents = contents, .file_offset = handle.offset};
    if (type == 1) return decompress(contents, handle.offset);
    fail(handle.offset, fmt::format("block type {}, expected 0 (plain) or 1 (Snappy)", type));
  }

  Block decompress(std::span<const uint8_t> packed, uint64_t offset) const {
    const char* data = reinterpret_cast<const char*>(packed.data());
    size_t size = 0;
    if (!snappy::GetUncompressedLength(data, packed.size(), &size)) {
      fail(offset, "a Snappy block without a length");
    }
    if (size > kMostSnappyExpansion * packed.size()) {
      fail(offset,
           fmt::format("a Snappy block of {} bytes claims to hold {}", packed.size(), size));
    }
    Block block{.contents = {}, .owned = std::vector<uint8_t>(size), .file_offset = offset};
    if (!snappy::RawUncompress(data, packed.size(), reinterpret_cast<char*>(block.owned.data()))) {
      fail(offset, "a Snappy block that does not decompress");
    }
    block.contents = block.owned;
    return block;
  }

  /// The part of a block that holds entries, without the restart points behind it.
  std::span<const uint8_t> entry_area(const Block& block) const {
    const size_t size = block.contents.size();
    if (size < 4)
      fail(block.file_offset, fmt::format("a block of {} bytes has no restart count", size));
    uint32_t num_restarts = 0;
    std::memcpy(&num_restarts, block.contents.data() + size - 4, 4);
    if (num_restarts < 1)
      fail(block.file_offset, "a block with 0 restart points, expected at least 1");
    if (num_restarts > (size - 4) / 4) {
      fail(block.file_offset, fmt::format("{} restart points do not fit into a block of {} bytes",
                                          num_restarts, size));
    }
    return block.contents.first(size - 4 - 4 * size_t{num_restarts});
  }

  template <typename Visit>
  void for_each_entry(const Block& block, Visit&& visit) const {
    ByteReader reader(entry_area(block), name_, block.file_offset);
    std::string key;
    while (!reader.at_end()) {
      const uint32_t shared = reader.varint32("a key's shared length");
      const uint32_t fresh = reader.varint32("a key's length");
      const uint32_t value_size = reader.varint32("a value's length");
      if (shared > key.size()) {
        reader.fail(
            fmt::format("a key shares {} bytes with the previous one of {}", shared, key.size()));
      }
      const auto suffix = reader.take(fresh, "a key");
      if (size_t{shared} + fresh > kMostKeyBytes) {
        reader.fail(fmt::format("a key of {} bytes, at most {} are read", size_t{shared} + fresh,
                                kMostKeyBytes));
      }
      key.resize(shared);
      key.append(reinterpret_cast<const char*>(suffix.data()), suffix.size());
      const uint64_t value_at = reader.file_position();
      visit(std::string_view(key), reader.take(value_size, "a value"), value_at);
    }
  }

  void check_order(std::string_view key, uint64_t offset) {
    if (num_entries_ > 0 && key <= last_key_) {
      fail(offset, fmt::format("key '{}' comes after '{}': not in increasing order", printable(key),
                               printable(last_key_)));
    }
    if (++num_entries_ > kMostEntries)
      fail(offset, fmt::format("more than {} entries", kMostEntries));
    last_key_ = key;
  }

  std::span<const uint8_t> file_;
  const std::string& name_;
  std::string last_key_;
  int num_entries_ = 0;
};

}  // namespace

bool looks_like_a_table(std::span<const uint8_t> file) {
  return file.size() >= kFooterBytes &&
         std::memcmp(file.data() + file.size() - kMagic.size(), kMagic.data(), kMagic.size()) == 0;
}

void read_table(std::span<const uint8_t> file, const std::string& name,
                const std::function<void(const TableEntry&)>& visit) {
  TableReader(file, name).read(visit);
}

}  // namespace posse
