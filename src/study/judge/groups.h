/// Groups the labelled pictures that vary together; intervals are drawn over these groups.
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

/// Labelled frames of one video from which on intervals are over time, if they lie less than
/// kClipSeconds apart in the mean.
inline constexpr size_t kEnoughFrames = 100;

struct PictureGroups {
  /// [pictures] group that intervals draw.
  std::vector<int64_t> group;
  /// [pictures] clip: pictures that stay together where some are left out.
  std::vector<int64_t> clip;
  /// "videos", "clips", "frames" or "pictures", which intervals draw: for people.
  std::string unit;
  /// True: groups are frames in the order of time.
  bool over_time = false;
  /// [pictures] number of the picture's video or folder.
  std::vector<int64_t> video;
  size_t num_videos = 0;
  /// True: the groups were given by --clips.
  bool given = false;
};

/// Groups by videos where there are at least kEnoughVideos, else by clips; a picture whose frame is
/// not known is a clip of its own. Where one video is labelled densely (kEnoughFrames) intervals
/// draw its frames in stretches, whose length the errors' memory decides.
/// @param clips  a .csv with the columns picture and clip that says it instead; empty: none
/// @throws Error(not_found, bad_file) of that file; Error(usage) where it leaves pictures out
PictureGroups group_pictures(const LabelSet& labels, const VideoPlaces& places,
                             const std::filesystem::path& clips = {});

}  // namespace posse
