/// Reads hand labels from wherever they lie, with the pictures or frames that they were placed in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/point.h"

namespace posse {

/// A picture, or a frame of a video, that somebody labelled.
struct LabelledPicture {
  /// "labeled-data/m4s1/img0007.png", or "frame 17".
  std::string name;
  /// File of the picture; empty where there is none.
  std::filesystem::path file;
  /// Folder that it was taken from, as "m4s1"; empty for numbered frames.
  std::string folder;
  /// Number at the end of its name: the video's frame, if it was not renumbered.
  std::optional<int64_t> number;
  /// Video that the labels name and that was found; else empty.
  std::filesystem::path video{};
  /// The video as the labels name it; empty where they do not.
  std::string video_name{};
};

struct Label {
  Point point;          ///< NaN where not labelled
  bool hidden = false;  ///< labelled as there but not to be seen: point is NaN
};

struct LabelSet {
  std::string scorer;
  std::vector<std::string> bodyparts;        ///< [bodyparts], unique
  std::vector<LabelledPicture> pictures;     ///< [pictures]
  std::vector<Label> labels;                 ///< [pictures, bodyparts]
  std::vector<std::filesystem::path> files;  ///< that they were read from
  std::string sha256;                        ///< over the contents of these
  std::vector<std::string> warnings;         ///< what was odd and how it was taken
  std::string repeats;  ///< which pictures have several equal rows, counted once; empty: none

  const Label& at(size_t picture, size_t bodypart) const {
    return labels[picture * bodyparts.size() + bodypart];
  }
};

struct LabelOptions {
  /// Of a .mat, whose columns have no names: the bodyparts, and which column of the file each is.
  std::vector<std::string> bodyparts;
  std::vector<int> part_permutation;
  /// Videos that were given: looked at before other places.
  std::vector<std::filesystem::path> videos{};
};

/// Reads labels. `path` is
///   - a project: a folder with labeled-data/*/CollectedData_*.h5 or .csv in it (DeepLabCut), or
///     with CollectedData*.csv (Lightning Pose); of several tables in a folder that of the scorer
///     in config.yaml;
///   - a folder of labeled-data, with one CollectedData file;
///   - such a table; the pictures are looked for below its folder and the two above it;
///   - a .slp of SLEAP: what a person placed, by frame of its videos (or their pictures), each of
///     which is looked for among options.videos by its file name, where the file says, and beside
///     the .slp or below its folder and the one above it by the end of its path, of Windows too;
///   - a .mat with `true_xy` [bodyparts, frames, xy], as the original package's ground truth.
/// Of a .h5 and a .csv of one name the .h5 is read. A picture with several equal rows is counted
/// once.
/// @throws Error(not_found) for what is not there or holds no labels; Error(bad_file, unsupported)
/// as the readers and for a picture that is labelled twice, differently; Error(shape_mismatch)
/// where tables of one project name different bodyparts
LabelSet read_label_set(const std::filesystem::path& path, const LabelOptions& options = {});

/// "<folder>/<file>" of a picture's name: what a picture is known by wherever the project lies.
/// Backslashes part folders as slashes do.
std::string picture_key(std::string_view name);

/// The numbers of "1,3,0,2", as --partperm has them for a .mat. @throws Error(usage) for others
std::vector<int> permutation_of(const std::string& text);

/// The digits at the end of a picture's stem; nullopt without any.
std::optional<int64_t> number_in_name(std::string_view name);

}  // namespace posse
