/// Which labelled pictures vary together: the groups that intervals are drawn over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/judge/place_pictures.h"

namespace posse {

/// Videos from which on they are the groups.
inline constexpr size_t kEnoughVideos = 8;
/// Frames closer than this belong to one clip; a longer row of such frames is cut into clips of
/// this length.
inline constexpr double kClipSeconds = 1.0;

struct PictureGroups {
  std::vector<int64_t> group;  ///< [pictures]
  std::string unit;            ///< "videos", "clips" or "pictures": for people
  std::vector<int64_t> video;  ///< [pictures] number of its video or folder
  size_t num_videos = 0;
  bool given = false;  ///< by --clips
};

/// By videos where there are at least kEnoughVideos, else by clips; a picture whose frame is not
/// known is a clip of its own.
/// @param clips  a .csv with the columns picture and clip that says it instead; empty: none
/// @throws Error(not_found, bad_file) of that file; Error(usage) where it leaves pictures out
PictureGroups group_pictures(const LabelSet& labels, const VideoPlaces& places,
                             const std::filesystem::path& clips = {});

}  // namespace posse
