#include "results/formats/matlab/mat_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace posse {
namespace {

constexpr size_t kHeaderBytes = 128;
constexpr size_t kMostBytes = size_t{1} << 30;
constexpr uint32_t kMatrix = 14;
constexpr uint32_t kCompressed = 15;

class MatReader {
 public:
  MatReader(const std::filesystem::path& path, std::string_view wanted)
      : path_(path), wanted_(wanted) {}

  MatArray read() {
    const std::string file = read_file(path_, kMostBytes);
    if (file.starts_with("\x89HDF") || file.substr(0, 10) == "MATLAB 7.3") {
      throw Error(ErrorKind::unsupported, fmt::format("{}: is a file of level 7.3", path_.string()),
                  {.hint = "save it with -v7"});
    }
    if (file.size() < kHeaderBytes || !file.starts_with("MATLAB 5.0"))
      fail("is no MATLAB file of level 5");
    if (file.substr(126, 2) != "IM") fail("is big-endian, or no MATLAB file");
    std::string_view rest(file);
    rest.remove_prefix(kHeaderBytes);
    MatArray array;
    while (rest.size() >= 8) {
      Element element = take_element(rest);
      std::string inflated;
      if (element.type == kCompressed) {
        inflated = inflate_all(element.bytes);
        std::string_view inner(inflated);
        element = take_element(inner);
      }
      if (element.type == kMatrix && read_matrix(element.bytes, array)) return array;
    }
    throw Error(ErrorKind::not_found,
                fmt::format("{}: holds no array '{}'", path_.string(), printable(wanted_)),
                {.have = list_names(names_)});
  }

 private:
  struct Element {
    uint32_t type = 0;
    std::string_view bytes;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::bad_file, fmt::format("{}: {}", path_.string(), what));
  }

  static uint32_t number_at(std::string_view bytes, size_t at) {
    uint32_t number = 0;
    std::memcpy(&number, bytes.data() + at, sizeof(number));
    return number;
  }

  /// The next element, and past its padding.
  Element take_element(std::string_view& rest) const {
    if (rest.size() < 8) fail("ends within an element");
    const uint32_t first = number_at(rest, 0);
    if ((first >> 16) != 0) {  // small: type, size and up to four bytes in one word
      const size_t size = first >> 16;
      if (size > 4) fail("has an element of a wrong size");
      const Element element{first & 0xFFFF, rest.substr(4, size)};
      rest.remove_prefix(8);
      return element;
    }
    const size_t size = number_at(rest, 4);
    if (size > rest.size() - 8) fail("ends within an element");
    const Element element{first, rest.substr(8, size)};
    const size_t padded = first == kCompressed ? size : (size + 7) / 8 * 8;
    rest.remove_prefix(8 + std::min(padded, rest.size() - 8));
    return element;
  }

  std::string inflate_all(std::string_view bytes) const {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) fail("cannot be decompressed");
    std::string out;
    std::string block(size_t{1} << 16, '\0');
    std::string in(bytes);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    int state = Z_OK;
    while (state == Z_OK) {
      stream.next_out = reinterpret_cast<Bytef*>(block.data());
      stream.avail_out = static_cast<uInt>(block.size());
      state = inflate(&stream, Z_NO_FLUSH);
      out.append(block.data(), block.size() - stream.avail_out);
      if (out.size() > kMostBytes) state = Z_MEM_ERROR;
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END) fail("has a compressed element that is damaged or too large");
    return out;
  }

  /// @return false for an array of another name
  bool read_matrix(std::string_view bytes, MatArray& array) {
    const Element flags = take_element(bytes);
    const Element extents = take_element(bytes);
    const Element name = take_element(bytes);
    if (flags.bytes.size() < 8) fail("has an array without flags");
    names_.emplace_back(printable(name.bytes));
    if (name.bytes != wanted_) return false;
    const uint32_t flag_word = number_at(flags.bytes, 0);
    const uint32_t kind = flag_word & 0xFF;
    if (kind < 6 || kind > 15 || (flag_word & 0x800) != 0) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: '{}' is no array of real numbers", path_.string(), wanted_));
    }
    size_t count = 1;
    for (size_t at = 0; at + 4 <= extents.bytes.size(); at += 4) {
      array.extents.push_back(number_at(extents.bytes, at));
      count *= array.extents.back();
      if (count > kMostBytes / sizeof(double)) fail("has an array that is too large");
    }
    read_numbers(take_element(bytes), count, array);
    return true;
  }

  template <class Number>
  void convert(std::string_view bytes, size_t count, MatArray& array) const {
    if (bytes.size() != count * sizeof(Number)) fail("has an array of another size than it states");
    array.values.resize(count);
    for (size_t i = 0; i < count; ++i) {
      Number number{};
      std::memcpy(&number, bytes.data() + i * sizeof(Number), sizeof(Number));
      array.values[i] = static_cast<double>(number);
    }
  }

  void read_numbers(const Element& element, size_t count, MatArray& array) const {
    switch (element.type) {
      case 1:
        return convert<int8_t>(element.bytes, count, array);
      case 2:
        return convert<uint8_t>(element.bytes, count, array);
      case 3:
        return convert<int16_t>(element.bytes, count, array);
      case 4:
        return convert<uint16_t>(element.bytes, count, array);
      case 5:
        return convert<int32_t>(element.bytes, count, array);
      case 6:
        return convert<uint32_t>(element.bytes, count, array);
      case 7:
        return convert<float>(element.bytes, count, array);
      case 9:
        return convert<double>(element.bytes, count, array);
      case 12:
        return convert<int64_t>(element.bytes, count, array);
      case 13:
        return convert<uint64_t>(element.bytes, count, array);
      default:
        fail(fmt::format("has numbers of the unknown type {}", element.type));
    }
  }

  std::filesystem::path path_;
  std::string_view wanted_;
  std::vector<std::string> names_;
};

}  // namespace

MatArray read_mat_array(const std::filesystem::path& path, std::string_view name) {
  return MatReader(path, name).read();
}

}  // namespace posse
