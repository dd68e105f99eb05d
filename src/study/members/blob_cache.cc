#include "study/members/blob_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr size_t kHashDigits = 64;

std::string hash_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace

fs::path BlobCache::file_of(const std::string& key) const {
  return folder_ / key.substr(0, 2) / (key + ".bin");
}

bool BlobCache::has(const std::string& key) const { return path_exists(file_of(key)); }

std::optional<std::string> BlobCache::read(const std::string& key) const {
  const fs::path file = file_of(key);
  if (!path_exists(file)) return std::nullopt;
  const std::string bytes = read_file(file);
  if (bytes.size() < kHashDigits) return std::nullopt;
  std::string rest = bytes.substr(kHashDigits);
  if (hash_of(rest) != bytes.substr(0, kHashDigits)) return std::nullopt;
  return rest;
}

// Without waiting for the disk: a file that a crash has cut fails its hash and is made anew.
void BlobCache::write(const std::string& key, std::string_view bytes) const {
  static std::atomic<int> counter{0};
  const fs::path file = file_of(key);
  const fs::path partial =
      file.parent_path() / fmt::format(".{}.{}-{}.partial", key, getpid(), counter++);
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  std::ofstream out(partial, std::ios::binary);
  out << hash_of(bytes) << bytes;
  out.close();
  std::error_code error;
  if (out) fs::rename(partial, file, error);
  if (!out || error) {
    fs::remove(partial, ignored);
    throw Error(ErrorKind::io, fmt::format("{}: cannot be written", file.string()),
                {.hint = "--cache names another folder"});
  }
}

fs::path default_blob_folder() {
  const fs::path folder = user_cache_folder();
  return (folder.empty() ? fs::temp_directory_path() / "posse-cache" : folder) / "evaluate";
}

}  // namespace posse
