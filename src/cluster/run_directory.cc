#include "cluster/run_directory.h"

#include "base/files.h"
#include "base/paths.h"
#include "run/result_paths.h"

namespace posse {

void note_damage(const RunDirectory& directory, const std::string& video_id) {
  const std::filesystem::path file = directory.damaged(video_id);
  make_folders(file.parent_path());
  write_file(file, "");
}

std::string video_id(const std::filesystem::path& video, const std::string& sha256) {
  constexpr size_t kMostOfStem = 87;
  std::string id;
  for (const char letter : result_stem(video).substr(0, kMostOfStem)) {
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
                          (letter == '.' && !id.empty());
    id += is_plain ? letter : '_';
  }
  return id + "." + sha256.substr(0, 12);
}

}  // namespace posse
