/// Reserves room on the disk before it is needed.
#pragma once

#include <cstdint>
#include <filesystem>

namespace posse {

/// Reserves blocks for a file that a library is writing.
///
/// HDF5 1.10 cannot recover when a write fails: closing the file then loops or crashes. With the
/// room reserved beforehand a full disk shows here, as an error, while the file is still sound.
class DiskReserve {
 public:
  /// @param path  an existing file. @throws Error(io)
  explicit DiskReserve(const std::filesystem::path& path);
  ~DiskReserve();
  DiskReserve(const DiskReserve&) = delete;
  DiskReserve& operator=(const DiskReserve&) = delete;

  /// Makes sure that the file can grow to `bytes` in all. File systems that cannot
  /// reserve (some network ones) are taken to have room. @throws Error(io): disk full, quota or
  /// file size limit reached
  void reserve(uint64_t bytes);
  /// Gives back what the file, now complete and closed by the library, did not use.
  void release_rest();

 private:
  int fd_ = -1;
  uint64_t reserved_ = 0;
};

}  // namespace posse
