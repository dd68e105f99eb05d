#include "checkpoint/torch/zip_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/torch/crc32.h"

namespace posse {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocatorBytes = 20;
constexpr uint64_t kMostComment = 65535;
constexpr uint32_t kIn64 = 0xFFFFFFFF;

/// What the end of the archive says of the central directory.
struct Directory {
  uint64_t num_entries = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// Where an entry begins, with its own header, and where it stops.
struct Extents {
  uint64_t begin = 0;
  uint64_t end = 0;
};

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  [[noreturn]] void fail(const std::string& what, uint64_t place) const {
    throw Error(ErrorKind::bad_file, fmt::format("{}: {} (at byte {})", file_, what, place),
                {.hint = "copy the file again from where it was written"});
  }

  uint64_t number(uint64_t place, size_t num_bytes) const {
    if (place > bytes_.size() || bytes_.size() - place < num_bytes) {
      fail("the archive's directory reaches beyond the file", place);
    }
    uint64_t value = 0;
    for (size_t i = num_bytes; i-- > 0;) value = value << 8 | bytes_[place + i];
    return value;
  }
  uint32_t mark(uint64_t place) const { return static_cast<uint32_t>(number(place, 4)); }

  std::string_view text(uint64_t place, uint64_t size) const {
    if (place > bytes_.size() || bytes_.size() - place < size) {
      fail("the archive's directory reaches beyond the file", place);
    }
    return {reinterpret_cast<const char*>(bytes_.data()) + place, size};
  }

  Directory directory() const {
    const uint64_t end = find_end();
    Directory found{.num_entries = number(end + 10, 2),
                    .offset = number(end + 16, 4),
                    .size = number(end + 12, 4)};
    const bool in_parts = number(end + 4, 2) != 0 || number(end + 6, 2) != 0;
    if (end >= kLocatorBytes && mark(end - kLocatorBytes) == kEnd64Locator) {
      found = directory64(number(end - kLocatorBytes + 8, 8));
    } else if (in_parts) {
      fail("the archive has several parts", end);
    }
    if (found.offset > end || found.size > end - found.offset) {
      fail("the archive's directory is said to lie beyond its end", end);
    }
    if (found.num_entries > found.size / kCentralBytes) {
      fail(fmt::format("the archive's directory is too short for {} entries", found.num_entries),
           found.offset);
    }
    return found;
  }

  /// Reads one entry of the directory and moves `place` behind it.
  std::pair<ZipEntry, Extents> entry(uint64_t& place, uint64_t directory_offset) const {
    if (mark(place) != kCentralHeader) fail("the archive's directory is damaged", place);
    const uint64_t name_size = number(place + 28, 2);
    const uint64_t extra_size = number(place + 30, 2);
    const uint64_t comment_size = number(place + 32, 2);
    ZipEntry entry;
    entry.name = text(place + kCentralBytes, name_size);
    entry.crc32 = static_cast<uint32_t>(number(place + 16, 4));
    entry.coded = coding(number(place + 8, 2), number(place + 10, 2));
    uint64_t stored = number(place + 20, 4);
    entry.size = number(place + 24, 4);
    uint64_t header = number(place + 42, 4);
    read_extra(place + kCentralBytes + name_size, extra_size, {&entry.size, &stored, &header});
    if (!entry.coded.empty()) entry.size = stored;
    if (stored != entry.size) {
      fail(fmt::format("'{}' is said to be {} bytes long and stored in {}", printable(entry.name),
                       entry.size, stored),
           place);
    }
    place += kCentralBytes + name_size + extra_size + comment_size;
    return {entry, {header, directory_offset}};
  }

  /// Finds the bytes of an entry behind its own header.
  void find_bytes(ZipEntry& entry, Extents& extents) const {
    const uint64_t limit = extents.end;
    if (extents.begin > limit || limit - extents.begin < kLocalBytes ||
        mark(extents.begin) != kLocalHeader) {
      fail(fmt::format("'{}' does not begin where the directory says", printable(entry.name)),
           extents.begin);
    }
    const uint64_t name_size = number(extents.begin + 26, 2);
    const uint64_t extra_size = number(extents.begin + 28, 2);
    entry.offset = extents.begin + kLocalBytes + name_size + extra_size;
    if (entry.offset > limit || limit - entry.offset < entry.size) {
      fail(fmt::format("'{}' of {} bytes reaches into the directory", printable(entry.name),
                       entry.size),
           extents.begin);
    }
    if (text(extents.begin + kLocalBytes, name_size) != entry.name) {
      fail(fmt::format("'{}' has another name in front of its bytes", printable(entry.name)),
           extents.begin);
    }
    extents.end = entry.offset + entry.size;
  }

 private:
  uint64_t find_end() const {
    const uint64_t size = bytes_.size();
    if (size < kEndBytes) fail("the file ends before the archive does: it was cut off", size);
    const uint64_t first = size - std::min(size, kEndBytes + kMostComment);
    for (uint64_t place = size - kEndBytes;; --place) {
      if (mark(place) == kEnd && place + kEndBytes + number(place + 20, 2) == size) return place;
      if (place == first) break;
    }
    fail("the file ends before the archive does: it was cut off", size);
  }

  Directory directory64(uint64_t place) const {
    if (place > bytes_.size() || bytes_.size() - place < kEnd64Bytes || mark(place) != kEnd64) {
      fail("the archive's ZIP64 end is not where it is said to be", place);
    }
    if (number(place + 16, 4) != 0 || number(place + 20, 4) != 0) {
      fail("the archive has several parts", place);
    }
    return {.num_entries = number(place + 32, 8),
            .offset = number(place + 48, 8),
            .size = number(place + 40, 8)};
  }

  static std::string coding(uint64_t flags, uint64_t method) {
    if (method != 0) return fmt::format("compressed (method {})", method);
    return (flags & 1) != 0 ? "encrypted" : "";
  }

  /// Fields that do not fit into 32 bits stand in the extra field 1, in this order.
  void read_extra(uint64_t place, uint64_t size, std::initializer_list<uint64_t*> fields) const {
    const uint64_t end = place + size;
    while (end - place >= 4) {
      const uint64_t id = number(place, 2);
      const uint64_t length = number(place + 2, 2);
      place += 4;
      if (end - place < length) fail("an extra field of the directory is too long", place);
      if (id == 1) {
        uint64_t next = place;
        for (uint64_t* field : fields) {
          if (*field != kIn64) continue;
          if (place + length - next < 8) fail("a ZIP64 field is too short", place);
          *field = number(next, 8);
          next += 8;
        }
        return;
      }
      place += length;
    }
  }

  std::span<const uint8_t> bytes_;
  const std::string& file_;
};

void refuse_overlaps(const Reader& reader, const std::vector<ZipEntry>& entries,
                     const std::vector<Extents>& extents) {
  std::vector<size_t> order(entries.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return extents[a].begin < extents[b].begin; });
  for (size_t i = 1; i < order.size(); ++i) {
    if (extents[order[i]].begin < extents[order[i - 1]].end) {
      reader.fail(fmt::format("'{}' and '{}' overlap", printable(entries[order[i - 1]].name),
                              printable(entries[order[i]].name)),
                  extents[order[i]].begin);
    }
  }
}

}  // namespace

ZipArchive::ZipArchive(std::span<const uint8_t> bytes, std::string file)
    : bytes_(bytes), file_(std::move(file)) {
  const Reader reader(bytes_, file_);
  const Directory directory = reader.directory();
  std::vector<Extents> extents;
  uint64_t place = directory.offset;
  for (uint64_t i = 0; i < directory.num_entries; ++i) {
    auto [entry, where] = reader.entry(place, directory.offset);
    reader.find_bytes(entry, where);
    entries_.push_back(std::move(entry));
    extents.push_back(where);
  }
  refuse_overlaps(reader, entries_, extents);
  by_name_.resize(entries_.size());
  std::iota(by_name_.begin(), by_name_.end(), size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](size_t a, size_t b) { return entries_[a].name < entries_[b].name; });
  for (size_t i = 1; i < by_name_.size(); ++i) {
    if (entries_[by_name_[i]].name == entries_[by_name_[i - 1]].name) {
      reader.fail(fmt::format("'{}' is there twice", printable(entries_[by_name_[i]].name)),
                  directory.offset);
    }
  }
}

void ZipArchive::require_stored() const {
  for (const ZipEntry& entry : entries_) {
    if (entry.coded.empty()) continue;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: '{}' is {}; torch.save() stores its entries as they are", file_,
                            printable(entry.name), entry.coded),
                {.hint = "save the weights again with torch.save()"});
  }
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [&](size_t entry, std::string_view wanted) { return entries_[entry].name < wanted; });
  return at == by_name_.end() || entries_[*at].name != name ? nullptr : &entries_[*at];
}

std::string ZipArchive::why_damaged(const ZipEntry& entry) const {
  const uint32_t found = posse::crc32(bytes_of(entry));
  if (found == entry.crc32) return "";
  return fmt::format("{}: '{}' is damaged: its checksum is {:08x}, the archive says {:08x}", file_,
                     printable(entry.name), found, entry.crc32);
}

}  // namespace posse
