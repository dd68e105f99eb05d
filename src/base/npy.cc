#include "base/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/error.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kHeaderSize = 256;  // room for any shape; version 1.0 wants a multiple of 64

[[noreturn]] void refuse(const fs::path& path, std::string_view why) {
  throw Error(
      ErrorKind::bad_file, fmt::format("{}: {}", path.string(), why),
      {.hint = "expected a C-ordered float32, float64 or uint8 array as numpy.save writes it"});
}

[[noreturn]] void fail_to_write(const fs::path& path) {
  const int code = errno;
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot be written: {}", path.string(), std::strerror(code)));
}

/// The text after `key` in the header's Python dictionary.
std::string_view value_of(std::string_view header, std::string_view key, const fs::path& path) {
  const size_t at = header.find(key);
  if (at == std::string_view::npos) refuse(path, fmt::format("the header has no {}", key));
  std::string_view rest = header.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(": "), rest.size()));
  return rest;
}

Shape parse_shape(std::string_view text, const fs::path& path) {
  const size_t close = text.find(')');
  if (text.empty() || text[0] != '(' || close == std::string_view::npos)
    refuse(path, "the shape is not a tuple");
  text = text.substr(1, close - 1);
  Shape shape;
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty()) break;
    int64_t extent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc() || extent < 0 || shape.size() == 8)
      refuse(path, "the shape cannot be read");
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    shape.push_back(extent);
  }
  return shape;
}

/// A file taken apart: what its elements are and where they begin.
struct NpyContents {
  std::string file;
  size_t data = 0;
  size_t width = 0;  ///< bytes per element: 4, 8 or 1
  Shape shape;
};

NpyContents open_npy(const fs::path& path) {
  NpyContents npy{.file = read_file(path, uint64_t{1} << 34)};
  const std::string& file = npy.file;
  if (file.size() < 12 || file.compare(0, kMagic.size(), kMagic) != 0)
    refuse(path, "is no .npy file");
  const auto byte = [&](size_t i) {
    return static_cast<size_t>(static_cast<unsigned char>(file[i]));
  };
  const bool first_version = byte(6) == 1;
  const size_t start = first_version ? 10 : 12;
  size_t header_size = byte(8) | byte(9) << 8;
  if (!first_version) header_size |= byte(10) << 16 | byte(11) << 24;
  if (header_size > file.size() - start) refuse(path, "the header is cut off");
  const std::string_view header = std::string_view(file).substr(start, header_size);
  if (value_of(header, "'fortran_order'", path).substr(0, 5) != "False")
    refuse(path, "is in Fortran order");
  const std::string_view type = value_of(header, "'descr'", path).substr(0, 5);
  npy.shape = parse_shape(value_of(header, "'shape'", path), path);
  npy.width = type == "'<f4'" ? 4 : type == "'<f8'" ? 8 : type == "'|u1'" ? 1 : 0;
  if (npy.width == 0) refuse(path, fmt::format("has elements of type {}", type));
  npy.data = start + header_size;
  const size_t available = file.size() - npy.data;
  if (available % npy.width != 0 ||
      static_cast<uint64_t>(num_elements(npy.shape)) != available / npy.width) {
    refuse(path, fmt::format("holds {} bytes, shape {} needs {} elements of {}", available,
                             to_string(npy.shape), num_elements(npy.shape), npy.width));
  }
  return npy;
}

template <class From, class To>
void convert(const char* bytes, std::span<To> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    From value;
    std::memcpy(&value, bytes + i * sizeof(From), sizeof(From));
    values[i] = static_cast<To>(value);
  }
}

template <class To>
void convert(const NpyContents& npy, std::span<To> values) {
  const char* bytes = npy.file.data() + npy.data;
  if (npy.width == 4) convert<float>(bytes, values);
  if (npy.width == 8) convert<double>(bytes, values);
  if (npy.width == 1) convert<uint8_t>(bytes, values);
}

}  // namespace

Tensor read_npy(const fs::path& path) {
  const NpyContents npy = open_npy(path);
  Tensor tensor(npy.shape);
  convert(npy, tensor.values());
  return tensor;
}

std::vector<double> read_npy_doubles(const fs::path& path) {
  const NpyContents npy = open_npy(path);
  std::vector<double> values(static_cast<size_t>(num_elements(npy.shape)));
  convert(npy, std::span(values));
  return values;
}

NpyWriter::NpyWriter(fs::path path)
    : pending_(std::move(path)), file_(std::fopen(pending_.temporary().c_str(), "wb")) {
  if (!file_) fail_to_write(pending_.target());
  const std::string room(kHeaderSize, ' ');
  write(room.data(), room.size());
}

void NpyWriter::write(const void* bytes, size_t count) {
  if (std::fwrite(bytes, 1, count, file_.get()) != count) fail_to_write(pending_.target());
}

void NpyWriter::append(std::span<const float> values, const Shape& entry_shape) {
  if (num_entries_ == 0) entry_shape_ = entry_shape;
  const int64_t size = num_elements(entry_shape);
  if (entry_shape != entry_shape_ || size == 0 || static_cast<int64_t>(values.size()) % size != 0) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{}: {} values of shape {} do not go on entries of shape {}",
                            pending_.target().string(), values.size(), to_string(entry_shape),
                            to_string(entry_shape_)));
  }
  write(values.data(), values.size_bytes());
  num_entries_ += static_cast<int64_t>(values.size()) / size;
}

void NpyWriter::finish() {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},{}), }}", num_entries_,
                  entry_shape_.empty() ? "" : fmt::format(" {}", fmt::join(entry_shape_, ", ")));
  const size_t room = kHeaderSize - 10;
  POSSE_ASSERT(header.size() < room);
  header.resize(room - 1, ' ');
  header += '\n';
  const std::string start = std::string(kMagic) + std::string("\x01\x00", 2) +
                            static_cast<char>(room & 0xFF) + static_cast<char>(room >> 8);
  std::rewind(file_.get());
  write(start.data(), start.size());
  write(header.data(), header.size());
  if (std::fflush(file_.get()) != 0) fail_to_write(pending_.target());
  file_.reset();
  pending_.commit();
}

}  // namespace posse
