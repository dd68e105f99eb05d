/// Choices that cost time to find out, kept on disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace posse::ort {

/// A file of lines "word<TAB>key", which may be deleted at any time. One that cannot be read or
/// written is as good as none.
class KeptChoices {
 public:
  explicit KeptChoices(std::filesystem::path file) : file_(std::move(file)) {}
  /// The user's: <cache>/posse/graphs.txt, or nowhere (user_cache_folder()).
  static KeptChoices of_user();

  /// The last word that was stored for a key, which has no line break.
  std::optional<std::string> find(const std::string& key) const;
  void store(const std::string& key, const std::string& word) const;

 private:
  std::filesystem::path file_;  ///< empty: nothing is kept
};

}  // namespace posse::ort
