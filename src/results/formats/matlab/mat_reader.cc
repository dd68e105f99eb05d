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
constexpr uint32_t kStructKind = 2;
constexpr uint32_t kTextKind = 4;

class MatReader {
 public:
  MatReader(const std::filesystem::path& path, std::string_view wanted)
      : path_(path), wanted_(wanted) {}

  MatArray read() {
    MatArray array;
    visit([&](const Matrix& matrix) { read_array(matrix, array); });
    return array;
  }

  std::vector<std::string> read_texts(std::string_view field) {
    std::vector<std::string> texts;
    visit([&](const Matrix& matrix) { read_fields(matrix, field, texts); });
    return texts;
  }

 private:
  struct Element {
    uint32_t type = 0;
    std::string_view bytes;
  };

  /// An array's head, and what follows it.
  struct Matrix {
    uint32_t flags = 0;
    std::vector<size_t> extents;
    size_t count = 1;
    std::string_view name;
    std::string_view rest;

    uint32_t kind() const { return flags & 0xFF; }
  };

  /// Calls `take` with the array that is wanted.
  template <class Take>
  void visit(const Take& take) {
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
    while (rest.size() >= 8) {
      Element element = take_element(rest);
      std::string inflated;
      if (element.type == kCompressed) {
        inflated = inflate_all(element.bytes);
        std::string_view inner(inflated);
        element = take_element(inner);
      }
      if (element.type != kMatrix) continue;
      const Matrix matrix = take_head(element.bytes);
      names_.emplace_back(printable(matrix.name));
      if (matrix.name == wanted_) return take(matrix);
    }
    throw Error(ErrorKind::not_found,
                fmt::format("{}: holds no array '{}'", path_.string(), printable(wanted_)),
                {.have = list_names(names_)});
  }

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

  Matrix take_head(std::string_view bytes) const {
    const Element flags = take_element(bytes);
    const Element extents = take_element(bytes);
    const Element name = take_element(bytes);
    if (flags.bytes.size() < 8) fail("has an array without flags");
    Matrix matrix{.flags = number_at(flags.bytes, 0), .name = name.bytes, .rest = bytes};
    for (size_t at = 0; at + 4 <= extents.bytes.size(); at += 4) {
      matrix.extents.push_back(number_at(extents.bytes, at));
      matrix.count *= matrix.extents.back();
      if (matrix.count > kMostBytes / sizeof(double)) fail("has an array that is too large");
    }
    return matrix;
  }

  void read_array(const Matrix& matrix, MatArray& array) const {
    if (matrix.kind() < 6 || matrix.kind() > 15 || (matrix.flags & 0x800) != 0) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: '{}' is no array of real numbers", path_.string(), wanted_));
    }
    std::string_view rest = matrix.rest;
    array.extents = matrix.extents;
    read_numbers(take_element(rest), matrix.count, array);
  }

  [[noreturn]] void fail_on_field(std::string_view field) const {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: '{}' is no struct array whose field '{}' is text", path_.string(),
                            wanted_, field));
  }

  /// Elements one after another, each with all its fields.
  void read_fields(const Matrix& matrix, std::string_view field,
                   std::vector<std::string>& texts) const {
    if (matrix.kind() != kStructKind) fail_on_field(field);
    std::string_view rest = matrix.rest;
    const Element length = take_element(rest);
    const Element names = take_element(rest);
    const size_t width = length.bytes.size() >= 4 ? number_at(length.bytes, 0) : 0;
    if (width == 0 || names.bytes.size() % width != 0) fail("has a struct without names");
    const size_t num_fields = names.bytes.size() / width;
    size_t column = 0;
    for (; column < num_fields; ++column) {
      const std::string_view name = names.bytes.substr(column * width, width);
      if (name.substr(0, name.find('\0')) == field) break;
    }
    if (column == num_fields) fail_on_field(field);
    for (size_t i = 0; i < matrix.count; ++i) {
      for (size_t f = 0; f < num_fields; ++f) {
        const Element element = take_element(rest);
        if (f != column) continue;
        if (element.type != kMatrix || element.bytes.empty()) fail_on_field(field);
        texts.push_back(text_of(take_head(element.bytes), field));
      }
    }
  }

  /// Rows are columns of the file: the last extent runs along the text.
  std::string text_of(const Matrix& matrix, std::string_view field) const {
    if (matrix.kind() != kTextKind || matrix.extents.empty()) fail_on_field(field);
    std::string_view rest = matrix.rest;
    const Element element = take_element(rest);
    const bool is_wide = element.type == 4 || element.type == 17;
    const size_t step = is_wide ? 2 : 1;
    const size_t length = matrix.extents.back();
    const size_t rows = length == 0 ? 0 : matrix.count / length;
    // Characters beyond ASCII may take several bytes; then there is but one row to take apart.
    if (rows == 1 && !is_wide) return trimmed(std::string(element.bytes));
    if (element.bytes.size() != matrix.count * step)
      fail("has a text of another size than it states");
    std::string joined;
    for (size_t row = 0; row < rows; ++row) {
      std::string text;
      for (size_t i = 0; i < length; ++i) {
        const size_t at = (row + rows * i) * step;
        const auto low = static_cast<unsigned char>(element.bytes[at]);
        const auto high = is_wide ? static_cast<unsigned char>(element.bytes[at + 1]) : 0;
        append_utf8(low + 256U * high, is_wide, text);
      }
      joined += (joined.empty() ? "" : "/") + trimmed(std::move(text));
    }
    return joined;
  }

  /// A character of 16 bits, or a byte as it is.
  static void append_utf8(unsigned code, bool is_wide, std::string& text) {
    if (!is_wide || code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | (code >> 6));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xE0 | (code >> 12));
      text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  static std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
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

std::vector<std::string> read_mat_texts(const std::filesystem::path& path, std::string_view name,
                                        std::string_view field) {
  return MatReader(path, name).read_texts(field);
}

}  // namespace posse
