/// Reads the two kinds of .npy files that the goldens consist of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/tensor.h"

namespace posse::testing {

/// Little-endian float32 in C order. Throws std::runtime_error for anything else.
Tensor read_npy_float(const std::filesystem::path& path);

/// Unsigned bytes in C order, with their shape.
struct Bytes {
  Shape shape;
  std::vector<uint8_t> values;
};
Bytes read_npy_bytes(const std::filesystem::path& path);

}  // namespace posse::testing
