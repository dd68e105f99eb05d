/// Reads NumPy's .npy files (format version 1.0) whole, and writes them entry after entry without
/// holding them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/files.h"
#include "base/tensor.h"

namespace posse {

/// A C-ordered little-endian array of float32, float64 (rounded to float32) or uint8.
/// @throws Error(not_found), Error(bad_file) for other types, Fortran order, or a size that does
/// not fit the shape.
Tensor read_npy(const std::filesystem::path& path);

/// The same file's elements in double precision, whatever its shape, row-major. @throws as read_npy
std::vector<double> read_npy_doubles(const std::filesystem::path& path);

/// Writes float32 [n, ...] one entry of the first axis after another; n is filled in by finish().
class NpyWriter {
 public:
  /// @throws Error(io)
  explicit NpyWriter(std::filesystem::path path);
  /// One or more entries. @param entry_shape  the shape without the first axis; the same in every
  /// call.
  /// @throws Error(shape_mismatch) if it differs from the first call's; Error(io)
  void append(std::span<const float> values, const Shape& entry_shape);
  /// Writes the header and gives the file its name. Without it nothing is left. @throws Error(io)
  void finish();
  int64_t num_entries() const { return num_entries_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(const void* bytes, size_t count);

  PendingFile pending_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  Shape entry_shape_;
  int64_t num_entries_ = 0;
};

}  // namespace posse
