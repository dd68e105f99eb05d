/// A loaded library of ONNX Runtime.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "network/backends/onnxruntime/interface.h"
#include "network/backends/onnxruntime/places.h"

namespace posse::ort {

/// Calls go straight to the library's table; it stays loaded until the process ends, since
/// libraries with threads of their own do not bear being unloaded.
class Library {
 public:
  /// @throws Error(unavailable), which says what is wrong with the file and what to do: it is not
  /// there, cut off, made for another processor, not ONNX Runtime, too old, or refused by the
  /// system's loader.
  static std::shared_ptr<const Library> load(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  const std::string& version() const { return version_; }  ///< "1.32.0"
  uint32_t interface_version() const { return interface_version_; }
  /// Providers that are built into it, as "CUDAExecutionProvider"; whether they work is not said.
  /// @throws Error(unavailable)
  std::vector<std::string> providers() const;
  bool has_provider(std::string_view name) const;

  /// The function at a place of the table, which interface_version() must have.
  template <class Slot>
  typename Slot::Type* function() const {
    static_assert(Slot::kFirstVersion > kOldestVersion || Slot::kPlaceInTable < kNumPlaces);
    POSSE_ASSERT(Slot::kFirstVersion <= interface_version_);
    return reinterpret_cast<typename Slot::Type*>(const_cast<void*>(table_[Slot::kPlaceInTable]));
  }
  /// Calls it. @throws Error of kind_of_failure() with the library's words, behind `what`
  template <class Slot, class... Arguments>
  void call(const char* what, Arguments... arguments) const {
    check(function<Slot>()(arguments...), what);
  }
  /// Releases the status if there is one. @throws Error of kind_of_failure() then
  void check(Status* status, const char* what) const;

 private:
  Library() = default;
  std::filesystem::path file_;
  std::string version_;
  uint32_t interface_version_ = 0;
  const void* const* table_ = nullptr;
};

/// The library that is asked for: `file` (--ort-library), else POSSE_ORT_LIBRARY, else the first of
/// library_places() that can be loaded.
/// @param file  empty: not given
/// @throws Error(unavailable) as Library::load(); where there is none, with the lines that install
/// one
std::shared_ptr<const Library> find_library(const std::filesystem::path& file,
                                            const Surroundings& surroundings = own_surroundings());

}  // namespace posse::ort
