#include "run/input_identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/hash.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct FileStamp {
  uint64_t num_bytes = 0;
  int64_t modified_seconds = 0;
};

FileStamp stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {static_cast<uint64_t>(status.st_size), static_cast<int64_t>(status.st_mtime)};
}

std::vector<fs::path> files_in_order(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& entry : entries_of_folder(folder)) {
    if (kind_of_path(entry) == PathKind::file) files.push_back(entry);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

InputIdentity identify_input(const fs::path& path, const std::optional<InputIdentity>& known) {
  InputIdentity identity{.path = absolute_path(path)};
  if (is_folder(path)) {
    Sha256 hash;
    for (const fs::path& file : files_in_order(path)) {
      const FileStamp stamp = stamp_of(file);
      identity.num_bytes += stamp.num_bytes;
      identity.modified_seconds = std::max(identity.modified_seconds, stamp.modified_seconds);
      hash.update(file.filename().string() + '\0' + sha256_of_file(file));
    }
    identity.sha256 = hash.finish();
    return identity;
  }
  const FileStamp stamp = stamp_of(path);
  identity.num_bytes = stamp.num_bytes;
  identity.modified_seconds = stamp.modified_seconds;
  const bool unchanged = known && known->path == printable(identity.path.string()) &&
                         known->num_bytes == identity.num_bytes &&
                         known->modified_seconds == identity.modified_seconds;
  identity.sha256 = unchanged ? known->sha256 : sha256_of_file(path);
  return identity;
}

bool is_unchanged(const fs::path& path, const InputIdentity& identity) {
  FileStamp stamp;
  if (is_folder(path)) {
    for (const fs::path& file : files_in_order(path)) {
      const FileStamp one = stamp_of(file);
      stamp.num_bytes += one.num_bytes;
      stamp.modified_seconds = std::max(stamp.modified_seconds, one.modified_seconds);
    }
  } else {
    stamp = {size_of_file(path), stamp_of(path).modified_seconds};
  }
  return stamp.num_bytes == identity.num_bytes &&
         stamp.modified_seconds == identity.modified_seconds;
}

Json describe_input(const InputIdentity& input) {
  return {{"path", printable(input.path.string())},
          {"bytes", input.num_bytes},
          {"modified", input.modified_seconds},
          {"sha256", input.sha256}};
}

std::optional<InputIdentity> input_from(const Json& json) {
  try {
    // A fraction or 1e300 is no count; get() would convert it.
    if (!json.at("bytes").is_number_unsigned() || !json.at("modified").is_number_integer())
      return std::nullopt;
    return InputIdentity{.path = json.at("path").get<std::string>(),
                         .num_bytes = json.at("bytes").get<uint64_t>(),
                         .modified_seconds = json.at("modified").get<int64_t>(),
                         .sha256 = json.at("sha256").get<std::string>()};
  } catch (const Json::exception&) {  // written by something else: as good as none
    return std::nullopt;
  }
}

}  // namespace posse
