#include "support/npy.h"

#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>

#include "base/files.h"

namespace posse::testing {
namespace {

struct NpyFile {
  Shape shape;
  std::string data;
};

/// Version 1.0: magic (6 bytes), version (2), header length (2), a Python dictionary, the data.
NpyFile read_npy(const std::filesystem::path& path, const std::string& descr) {
  const auto fail = [&](const std::string& reason) {
    throw std::runtime_error(path.string() + ": " + reason);
  };
  const std::string bytes = read_file(path);
  if (bytes.size() < 10 || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    fail("no npy file of version 1.0");
  }
  const size_t length =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(10, length);
  if (header.find("'descr': '" + descr + "'") == std::string::npos) fail("is not " + descr);
  if (header.find("'fortran_order': False") == std::string::npos) fail("is in Fortran order");
  const size_t open = header.find("'shape': (");
  if (open == std::string::npos) fail("has no shape");
  NpyFile file;
  std::istringstream numbers(header.substr(open + 10));
  for (int64_t extent = 0; numbers >> extent; numbers.ignore(1)) file.shape.push_back(extent);
  file.data = bytes.substr(10 + length);
  return file;
}

}  // namespace

Tensor read_npy_float(const std::filesystem::path& path) {
  const NpyFile file = read_npy(path, "<f4");
  Tensor tensor(file.shape);
  if (file.data.size() != static_cast<size_t>(tensor.size()) * sizeof(float)) {
    throw std::runtime_error(path.string() + ": wrong size");
  }
  std::memcpy(tensor.data(), file.data.data(), file.data.size());
  return tensor;
}

Bytes read_npy_bytes(const std::filesystem::path& path) {
  const NpyFile file = read_npy(path, "|u1");
  if (file.data.size() != static_cast<size_t>(num_elements(file.shape))) {
    throw std::runtime_error(path.string() + ": wrong size");
  }
  return {file.shape, {file.data.begin(), file.data.end()}};
}

}  // namespace posse::testing
