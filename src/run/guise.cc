#include "run/guise.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/formats/hdf5/pandas_hdf5.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Links followed as far as the path exists.
fs::path real_path(const fs::path& path) {
  std::error_code unknown;
  const fs::path real = fs::weakly_canonical(absolute_path(path), unknown);
  return unknown ? absolute_path(path) : real;
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  const fs::path below = real_path(path).lexically_relative(real_path(folder));
  return !below.empty() && *below.begin() != "..";
}

}  // namespace

void check_guise(const Member& member, const fs::path& table) {
  if (!member.project_folder.empty() && lies_below(table, member.project_folder)) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: would lie in the project {}, where DeepLabCut keeps the member's "
                            "own tables",
                            printable(table.string()), printable(member.project_folder.string())),
                {.hint = "choose a folder outside of it"});
  }
  if (!path_exists(table) || has_group_of_posse(table)) return;
  throw Error(ErrorKind::usage,
              fmt::format("{}: is there already, and posse did not write it: it is never replaced",
                          printable(table.string())),
              {.hint = "choose another folder"});
}

std::vector<Keypoint> in_cut_picture(std::span<const Keypoint> keypoints,
                                     const std::optional<CropBox>& crop) {
  std::vector<Keypoint> moved(keypoints.begin(), keypoints.end());
  if (!crop) return moved;
  for (Keypoint& keypoint : moved) {
    keypoint.x -= crop->x1;
    keypoint.y -= crop->y1;
  }
  return moved;
}

}  // namespace posse
