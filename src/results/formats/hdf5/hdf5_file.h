/// Wraps the HDF5 C library: handles close themselves, and failures name the file.
///
/// Only sources of this module include it: no public header needs hdf5.h.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posse::hdf5 {

/// Owns one HDF5 identifier of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }

  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }
  void reset();

 private:
  hid_t id_ = H5I_INVALID_HID;
};

/// Keeps the HDF5 library from printing its error stack to stderr while it lives: failures become
/// posse::Error. The library keeps one such setting per thread; it is restored at the end.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// Words of the innermost entry of HDF5's error stack, as "can't write data (No space left ...)".
std::string last_failure();

/// @throws Error(not_found), or Error(bad_file) if it is not HDF5, is cut off or is damaged
Handle open_for_reading(const std::filesystem::path& path);

/// A new, empty file. @throws Error(io)
Handle create(const std::filesystem::path& path);

/// A text attribute the way PyTables writes str: fixed length, UTF-8. Empty text becomes a null
/// dataspace, as PyTables has it.
void write_text_attribute(hid_t object, const std::string& name, std::string_view utf8);
/// A pickled attribute the way PyTables writes other objects: fixed length, ASCII.
void write_pickle_attribute(hid_t object, const std::string& name, std::string_view pickle);
void write_attribute(hid_t object, const std::string& name, int64_t value);
void write_attribute(hid_t object, const std::string& name, double value);

/// An attribute as text: fixed or variable length strings, whichever character set; nothing if it
/// is absent or not text. At most 1 MiB is read.
std::optional<std::string> text_attribute(hid_t object, const std::string& name);
/// An attribute that holds one integer, bit field or boolean.
std::optional<int64_t> integer_attribute(hid_t object, const std::string& name);

/// Names of the links directly in a group, in the order of the names.
std::vector<std::string> member_names(hid_t group);
bool has_member(hid_t group, const std::string& name);

/// A dataset read whole.
struct Extent {
  std::vector<hsize_t> dims;  ///< outermost first; empty for a scalar
  size_t size() const;
};

/// Reads datasets of one file, with the file's size as the measure of what is believable: deflate
/// packs at most about 1032:1, so a dataset that claims more is damaged, and nothing is allocated
/// for it.
class Reader {
 public:
  Reader(std::filesystem::path path, uint64_t file_bytes)
      : path_(std::move(path)), file_bytes_(file_bytes) {}

  /// @throws Error(bad_file) if there is no such dataset, or its values lie in another file;
  /// Error(unsupported) if it is compressed by a filter that is not there
  Handle open_dataset(hid_t group, const std::string& name) const;
  /// @throws Error(bad_file) if the extents are not believable
  Extent extent(hid_t dataset) const;
  /// A numeric dataset, converted. @throws Error(bad_file) if it is not numeric
  std::vector<double> doubles(hid_t group, const std::string& name, Extent* extent = nullptr) const;
  std::vector<int64_t> integers(hid_t group, const std::string& name) const;
  /// A rank 1 dataset of fixed or variable length strings.
  std::vector<std::string> strings(hid_t group, const std::string& name) const;
  /// The bytes of a dataset that holds one list of bytes, as PyTables stores pickled objects;
  /// nothing if it holds something else.
  std::optional<std::vector<uint8_t>> pickled_bytes(hid_t group, const std::string& name) const;
  bool is_numeric(hid_t group, const std::string& name) const;
  [[noreturn]] void fail(const std::string& what) const;
  /// The file's, for messages.
  std::string name() const { return path_.string(); }
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  void check_storage(hid_t dataset, const std::string& name) const;
  void check_chunks(hid_t dataset, uint64_t value_bytes, uint64_t most) const;

  std::filesystem::path path_;
  uint64_t file_bytes_;
};

}  // namespace posse::hdf5
