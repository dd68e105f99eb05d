/// Keeps pieces of work on the disk under the hash of what they were made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace posse {

/// A folder of files, one for each piece; several processes may use it at the same time.
class BlobCache {
 public:
  /// @param folder  made when the first piece is written
  explicit BlobCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  bool has(const std::string& key) const;
  /// nullopt where there is none, or where it is damaged (its hash stands in it). Notes when.
  std::optional<std::string> read(const std::string& key) const;
  /// @throws Error(io)
  void write(const std::string& key, std::string_view bytes) const;

  /// Removes pieces, those that were not written or read for longest first, until all together
  /// have at most `most_bytes`; files that are no pieces stay. What cannot be removed stays too.
  /// @return bytes removed
  uint64_t trim(uint64_t most_bytes) const;

 private:
  std::filesystem::path file_of(const std::string& key) const;
  std::filesystem::path folder_;
};

/// $XDG_CACHE_HOME/posse/evaluate or ~/.cache/posse/evaluate; below the system's temporary folder
/// where neither is set.
std::filesystem::path default_blob_folder();

}  // namespace posse
