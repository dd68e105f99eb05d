/// Finds the frame of its video that a labelled picture is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/labels/label_set.h"
#include "study/members/map_store.h"

namespace posse {

/// Where a labelled picture is from.
struct PicturePlace {
  size_t video = 0;  ///< in VideoPlaces::videos
  int64_t frame = 0;
  double seconds = 0;  ///< since the video's first frame
};

struct VideoPlaces {
  std::vector<std::filesystem::path> videos;
  std::vector<double> fps;                          ///< [videos]; 0 if unknown
  std::vector<std::optional<PicturePlace>> places;  ///< [pictures]
  size_t num_by_number = 0;  ///< pictures that are the frame their number says
  size_t num_by_search = 0;  ///< pictures found under another number
  std::vector<std::string> notes;
  std::vector<std::string> warnings;  ///< pictures that seem to be of another video
};

/// The videos that pictures may be of.
enum class VideosOf {
  labels_too,  ///< also those that the labels name; every label without a picture has to have one
  given_alone  ///< a label that is of none of those given has no place
};

/// Places every picture that has a video: that which the labels name, if it was found; of `videos`
/// the one whose stem is the picture's folder, else the only one where there is but one video and
/// one folder.
///
/// A label without a picture is the frame of its number. A picture is the frame of its number where
/// no other frame of the video looks more like it, else the frame that equals it, if one does and
/// none further than a second away does so as well; else it has no place. "Equal" is a mean
/// difference of at most 1.5 grey levels over some 4800 pixels, which leaves room for decoders'
/// rounding.
/// Memory: 4800 bytes a picture. Each video is decoded once.
/// @throws Error(not_found) for a label without a picture whose frame its video does not have, or
/// that has no video; of the readers
VideoPlaces place_pictures(const LabelSet& labels, std::span<const std::filesystem::path> videos,
                           const JobHooks& hooks, VideosOf whose = VideosOf::labels_too);

}  // namespace posse
