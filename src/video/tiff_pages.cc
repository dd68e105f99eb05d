// Source: Adobe, TIFF Revision 6.0, 1992; the BigTIFF design of libtiff (www.awaresystems.be).
#include "video/tiff_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <unordered_set>

#include "base/error.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostPageBytes = uint64_t{1} << 30;
constexpr uint64_t kMostEntries = 4096;

enum Tag : uint16_t {
  kNewSubfileType = 254,
  kCompression = 259,
  kDescription = 270,
  kStripOffsets = 273,
  kStripByteCounts = 279,
  kTileOffsets = 324,
  kTileByteCounts = 325,
  kSubDirectories = 330,
  kExifDirectory = 34665,
  kGpsDirectory = 34853,
};

enum Type : uint16_t { kShort = 3, kLong = 4, kLong8 = 16 };

/// Bytes of one value of a type; 1 for unknown types.
size_t size_of_type(uint16_t type) {
  constexpr std::array<uint8_t, 19> kSizes{1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8};
  return type < kSizes.size() ? kSizes[type] : 1;
}

struct Entry {
  uint16_t type = 0;
  uint64_t count = 0;
  std::string bytes;  // of all values, in the file's byte order
};
using Directory = std::map<uint16_t, Entry>;  // tags increase, as the format asks

/// Numbers of a file in its byte order.
struct ByteOrder {
  bool is_big_endian = false;

  uint64_t number(std::string_view bytes) const {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<uint8_t>(bytes[is_big_endian ? i : bytes.size() - 1 - i]);
      value = value << 8 | byte;
    }
    return value;
  }
  std::string bytes(uint64_t value, size_t size) const {
    std::string result(size, '\0');
    for (size_t i = 0; i < size; ++i, value >>= 8)
      result[is_big_endian ? size - 1 - i : i] = static_cast<char>(value & 0xff);
    return result;
  }
  std::vector<uint64_t> numbers(const Entry& entry) const {
    std::vector<uint64_t> values;
    const size_t size = size_of_type(entry.type);
    for (size_t at = 0; at + size <= entry.bytes.size(); at += size)
      values.push_back(number(std::string_view(entry.bytes).substr(at, size)));
    return values;
  }
};

class TiffFile {
 public:
  explicit TiffFile(const fs::path& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) {
      throw Error(ErrorKind::io, fmt::format("picture '{}' cannot be read: {}", path.string(),
                                             std::strerror(errno)));
    }
    std::error_code error;
    num_bytes_ = fs::file_size(path, error);
    if (error) num_bytes_ = 0;
  }

  /// False if this is no TIFF.
  bool read_header() {
    if (num_bytes_ < 8) return false;
    const std::string head = read(0, 8);
    if (!head.starts_with("II") && !head.starts_with("MM")) return false;
    order_.is_big_endian = head[0] == 'M';
    const uint64_t version = order_.number(std::string_view(head).substr(2, 2));
    is_big_ = version == 43;
    if (version != 42 && (!is_big_ || num_bytes_ < 16)) return false;
    first_ = is_big_ ? order_.number(read(8, 8)) : order_.number(head.substr(4));
    return true;
  }

  /// Entries of a directory, values of other places too; `next` gets the next directory's place.
  Directory directory(uint64_t place, uint64_t* next) {
    const size_t count_size = is_big_ ? 8 : 2;
    const size_t entry_size = is_big_ ? 20 : 12;
    const size_t value_size = is_big_ ? 8 : 4;
    const uint64_t count = order_.number(read(place, count_size));
    if (count == 0 || count > kMostEntries) refuse(fmt::format("a page of {} entries", count));
    const std::string all = read(place + count_size, count * entry_size + value_size);
    const std::string_view view = all;
    Directory entries;
    for (uint64_t i = 0; i < count; ++i) {
      const std::string_view each = view.substr(i * entry_size, entry_size);
      Entry entry{.type = static_cast<uint16_t>(order_.number(each.substr(2, 2))),
                  .count = order_.number(each.substr(4, value_size)),
                  .bytes = {}};
      if (entry.count > kMostPageBytes) refuse("an entry beyond its end");
      const uint64_t size = entry.count * size_of_type(entry.type);
      const std::string_view value = each.substr(entry_size - value_size);
      entry.bytes = size <= value_size ? std::string(value.substr(0, size))
                                       : read(order_.number(value), size);
      entries[static_cast<uint16_t>(order_.number(each.substr(0, 2)))] = std::move(entry);
    }
    *next = order_.number(view.substr(count * entry_size));
    return entries;
  }

  std::string read(uint64_t place, uint64_t size) {
    if (size > kMostPageBytes || place > num_bytes_ || size > num_bytes_ - place)
      refuse("a part beyond its end");
    std::string bytes(size, '\0');
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(place));
    file_.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!file_) refuse("a part that cannot be read");
    return bytes;
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("picture '{}' is damaged: it has {}", path_.string(), what));
  }

  uint64_t first() const { return first_; }
  uint64_t num_bytes() const { return num_bytes_; }
  bool is_big() const { return is_big_; }
  const ByteOrder& order() const { return order_; }

 private:
  fs::path path_;
  std::ifstream file_;
  uint64_t num_bytes_ = 0;
  ByteOrder order_;
  bool is_big_ = false;
  uint64_t first_ = 0;
};

uint64_t first_number(const ByteOrder& order, const Directory& entries, uint16_t tag,
                      uint64_t otherwise) {
  const auto entry = entries.find(tag);
  if (entry == entries.end()) return otherwise;
  const auto values = order.numbers(entry->second);
  return values.empty() ? otherwise : values.front();
}

/// How many pictures lie behind each other though there is one directory (ImageJ, files too large
/// for the offsets of a classic TIFF); 1 for other files.
uint64_t planes_of_imagej(const TiffFile& file, const Directory& entries) {
  const auto description = entries.find(kDescription);
  if (description == entries.end() || !description->second.bytes.starts_with("ImageJ=")) return 1;
  if (first_number(file.order(), entries, kCompression, 1) != 1) return 1;
  const std::string& text = description->second.bytes;
  const size_t at = text.find("\nimages=");
  if (at == std::string::npos) return 1;
  uint64_t planes = 1;
  std::from_chars(text.data() + at + 8, text.data() + text.size(), planes);
  const auto offsets = entries.find(kStripOffsets);
  const auto sizes = entries.find(kStripByteCounts);
  if (offsets == entries.end() || sizes == entries.end()) return 1;
  uint64_t plane_size = 0;
  for (const uint64_t size : file.order().numbers(sizes->second)) plane_size += size;
  const uint64_t begin = first_number(file.order(), entries, kStripOffsets, 0);
  if (plane_size == 0 || begin > file.num_bytes()) return 1;
  return std::clamp<uint64_t>(planes, 1,
                              std::max<uint64_t>(1, (file.num_bytes() - begin) / plane_size));
}

/// The picture's data behind `result`; gives where each piece went.
std::vector<uint64_t> append_pieces(TiffFile& file, const Directory& entries, uint16_t offsets_tag,
                                    uint16_t sizes_tag, uint64_t plane, std::string& result) {
  const auto offsets = file.order().numbers(entries.at(offsets_tag));
  std::vector<uint64_t> sizes;
  if (entries.contains(sizes_tag)) sizes = file.order().numbers(entries.at(sizes_tag));
  if (sizes.empty() && offsets.size() == 1 && offsets[0] < file.num_bytes())
    sizes.push_back(file.num_bytes() - offsets[0]);
  if (sizes.size() != offsets.size()) file.refuse("pieces of unknown size");
  uint64_t plane_size = 0;
  for (const uint64_t size : sizes) plane_size += size;
  std::vector<uint64_t> places;
  for (size_t i = 0; i < offsets.size(); ++i) {
    places.push_back(result.size());
    result += file.read(offsets[i] + plane * plane_size, sizes[i]);
    if (result.size() > kMostPageBytes) file.refuse("a page of more than 1 GiB");
  }
  return places;
}

}  // namespace

std::optional<TiffPages> tiff_pages(const fs::path& path) {
  TiffFile file(path);
  if (!file.read_header()) return std::nullopt;
  TiffPages found{.pages = {}, .is_big = file.is_big(), .trouble = {}};
  std::unordered_set<uint64_t> seen;
  Directory first;
  for (uint64_t place = file.first(); place != 0;) {
    if (!seen.insert(place).second) {
      found.trouble = "its pages lead back to an earlier one";
      break;
    }
    uint64_t next = 0;
    try {
      Directory entries = file.directory(place, &next);
      constexpr uint64_t kReducedOrMask = 1 | 4;
      const uint64_t kind = first_number(file.order(), entries, kNewSubfileType, 0);
      if ((kind & kReducedOrMask) == 0) found.pages.push_back({place, 0});
      if (first.empty()) first = std::move(entries);
    } catch (const Error& error) {
      found.trouble = error.message();
      break;
    }
    place = next;
  }
  if (found.pages.size() == 1 && found.trouble.empty()) {
    const uint64_t planes = planes_of_imagej(file, first);
    for (uint64_t plane = 1; plane < planes; ++plane)
      found.pages.push_back({found.pages.front().directory, plane});
  }
  return found;
}

std::string tiff_of_page(const fs::path& path, const TiffPage& page) {
  TiffFile file(path);
  if (!file.read_header()) file.refuse("no header of a TIFF");
  uint64_t next = 0;
  Directory entries = file.directory(page.directory, &next);
  for (const uint16_t tag : {kSubDirectories, kExifDirectory, kGpsDirectory}) entries.erase(tag);
  const ByteOrder& order = file.order();
  for (auto& [tag, entry] : entries) {
    if (entry.type != kLong8) continue;
    std::string narrow;
    for (const uint64_t value : order.numbers(entry)) narrow += order.bytes(value, 4);
    entry.bytes = std::move(narrow);
    entry.type = kLong;
  }
  const size_t size_of_directory = 2 + 12 * entries.size() + 4;
  std::string result(8 + size_of_directory, '\0');
  for (const auto& [offsets, sizes] :
       {std::pair{kStripOffsets, kStripByteCounts}, {kTileOffsets, kTileByteCounts}}) {
    if (!entries.contains(offsets)) continue;
    // The narrow values have lost what is beyond 4 GiB: places come from the file's own.
    Directory own = file.directory(page.directory, &next);
    const auto places = append_pieces(file, own, offsets, sizes, page.plane, result);
    Entry& entry = entries[offsets];
    entry = {.type = kLong, .count = places.size(), .bytes = {}};
    for (const uint64_t place : places) entry.bytes += order.bytes(place, 4);
  }
  std::string head = order.is_big_endian ? "MM" : "II";
  head += order.bytes(42, 2) + order.bytes(8, 4) + order.bytes(entries.size(), 2);
  for (const auto& [tag, entry] : entries) {
    head += order.bytes(tag, 2) + order.bytes(entry.type, 2) + order.bytes(entry.count, 4);
    if (entry.bytes.size() <= 4) {
      head += entry.bytes + std::string(4 - entry.bytes.size(), '\0');
    } else {
      if (result.size() % 2 != 0) result += '\0';
      head += order.bytes(result.size(), 4);
      result += entry.bytes;
    }
  }
  std::copy(head.begin(), head.end(), result.begin());
  return result;
}

std::optional<uint64_t> tiff_value(std::string_view bytes, TiffTag tag) {
  if (bytes.size() < 8 || (!bytes.starts_with("II") && !bytes.starts_with("MM")))
    return std::nullopt;
  const ByteOrder order{.is_big_endian = bytes[0] == 'M'};
  if (order.number(bytes.substr(2, 2)) != 42) return std::nullopt;
  const uint64_t place = order.number(bytes.substr(4, 4));
  if (place > bytes.size() - 2) return std::nullopt;
  const uint64_t count = order.number(bytes.substr(place, 2));
  for (uint64_t i = 0; i < count && place + 2 + 12 * (i + 1) <= bytes.size(); ++i) {
    const std::string_view entry = bytes.substr(place + 2 + 12 * i, 12);
    if (order.number(entry.substr(0, 2)) != static_cast<uint64_t>(tag)) continue;
    const size_t size = order.number(entry.substr(2, 2)) == kShort ? 2 : 4;
    return order.number(entry.substr(8, size));
  }
  return std::nullopt;
}

}  // namespace posse
