/// Reads files whole, maps them, and writes them so that a reader never sees half of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace posse {

/// Whole file as bytes. @throws Error(not_found, io; bad_file if larger than `most_bytes`)
std::string read_file(const std::filesystem::path& path, uint64_t most_bytes = uint64_t{1} << 40);

/// A file mapped read-only into memory.
class MappedFile {
 public:
  /// @throws Error(not_found or io)
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  /// Lets go of the whole pages within `part` of bytes(). They stay readable: their next use
  /// fetches them from the file again.
  void release(std::span<const uint8_t> part) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

/// Eight hexadecimal digits that tell machines apart which write into one folder: of host name and
/// machine number.
std::string machine_tag();

/// True for a process of this machine that runs, also another user's.
bool is_alive(int process);

/// Removes temporary files (see PendingFile) that dead processes of this machine left for `target`;
/// those of other machines stay.
/// @return how many
size_t remove_abandoned_partials(const std::filesystem::path& target);

/// The same in a folder, for all targets whose names begin with `name_start`.
size_t remove_abandoned_partials_in(const std::filesystem::path& folder,
                                    std::string_view name_start = "");

/// Makes a folder and those above it that are missing.
/// @throws Error(usage) where a new one's name has control characters; Error(io)
void make_folders(const std::filesystem::path& folder);

/// A temporary name beside `target` ("<dir>/.<name>.<pid>-<n>@<machine>.partial"), renamed to it by
/// commit().
///
/// What killed processes left for the same target is removed first.
/// Without commit() the destructor removes the temporary file, so that nothing half-written stays.
/// Write to temporary(), close, commit.
class PendingFile {
 public:
  /// Makes missing parent folders. @throws Error as make_folders; Error(usage) for a new file whose
  /// name has control characters; Error(io) if it cannot be written.
  explicit PendingFile(std::filesystem::path target);
  ~PendingFile();
  PendingFile(PendingFile&& other) noexcept;
  PendingFile& operator=(PendingFile&&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& target() const { return target_; }
  /// Flushes to disk and renames. @throws Error(io)
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
};

/// Writes a whole file through PendingFile. @throws Error(io), naming the file and the reason (disk
/// full ...).
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// A fresh folder under the system's temporary folder, removed with everything in it by the
/// destructor.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace posse
