#include "study/members/blob_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <system_error>
#include <vector>

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
  std::error_code ignored;  // a cache that may only be read serves all the same
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
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

namespace {

struct Piece {
  fs::file_time_type used;
  uint64_t bytes = 0;
  fs::path file;
};

bool is_piece(const fs::path& file) {
  const std::string name = file.filename().string();
  constexpr std::string_view kEnding = ".bin";
  return name.size() == kHashDigits + kEnding.size() && name.ends_with(kEnding) &&
         name.find_first_not_of("0123456789abcdef") == kHashDigits &&
         file.parent_path().filename().string() == name.substr(0, 2);
}

}  // namespace

uint64_t BlobCache::trim(uint64_t most_bytes) const {
  std::vector<Piece> pieces;
  uint64_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_piece(entry->path())) continue;
    std::error_code gone;  // another process may remove it meanwhile
    const Piece piece{entry->last_write_time(gone), entry->file_size(gone), entry->path()};
    if (gone) continue;
    pieces.push_back(piece);
    total += piece.bytes;
  }
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.used < b.used; });
  uint64_t removed = 0;
  for (const Piece& piece : pieces) {
    if (total - removed <= most_bytes) break;
    if (fs::remove(piece.file, error)) removed += piece.bytes;
  }
  return removed;
}

fs::path default_blob_folder() {
  const fs::path folder = user_cache_folder();
  return (folder.empty() ? fs::temp_directory_path() / "posse-cache" : folder) / "evaluate";
}

}  // namespace posse
