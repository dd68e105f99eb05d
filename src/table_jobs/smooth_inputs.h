/// Parses the words of `posse smooth`: ranges of frames, blocks of keypoints, which file belongs to
/// which camera.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/frame_range.h"

namespace posse {

/// Frames for tuning. Each word is a range A:B, a number N for the first N frames, or eks's own
/// notation "[(a,b),(c,d)]", where an end may be empty or None. Half-open, counted from 0.
/// @throws Error(usage)
std::vector<FrameRange> parse_tuning_frames(const std::vector<std::string>& words);

/// "0,1,2;3,4": positions of keypoints that share one s. @throws Error(usage)
std::vector<std::vector<size_t>> parse_blocks(const std::string& text);

/// The blocks as parse_blocks reads them.
std::string text_of(const std::vector<std::vector<size_t>>& blocks);

/// Files or folders and the cameras they were given for.
using CamerasOfPaths = std::vector<std::pair<std::filesystem::path, std::string>>;

/// Takes "CAMERA=" off paths that begin so, where no file has that very name.
/// @throws Error(usage) where CAMERA is empty or not among the cameras, and a file follows
CamerasOfPaths take_camera_names(std::vector<std::filesystem::path>& paths,
                                 const std::vector<std::string>& cameras);

/// @throws Error(usage) for names that are empty, stand twice or hold a comma
void check_camera_names(const std::vector<std::string>& names);

/// The cameras of paths that all begin with "CAMERA=", in the order in which they come first; none
/// if one of the paths does not.
std::vector<std::string> cameras_named_in(const std::vector<std::filesystem::path>& paths);

/// The files of each camera: those given for it, and those whose names say it most clearly, which
/// is, clearest first:
/// behind the word "cam", "camera" or "view" ("1" in "cam1_seed2", "A" in "R1C24_Cam-A");
/// as a whole word ("1" in "seed2_1"), which for names that are no numbers digits may follow or a
/// capital may begin ("top" in "top2", "Top" in "flyTop");
/// for names of two letters or more, anywhere ("top" in "mousetopnet").
/// A number that ends another word is none: "seed1" is not of camera "1". Where one camera's name
/// is part of another's ("cam_1", "cam_10"), it counts only outside the longer one.
/// @throws Error(usage) for a file without a camera or with two, cameras without files or with
/// different numbers of them
std::vector<std::vector<std::filesystem::path>> files_by_camera(
    const std::vector<std::filesystem::path>& files, const std::vector<std::string>& cameras,
    const CamerasOfPaths& given = {});

/// The one .npy below the folders among `inputs` whose name holds "timestamps" and `side`.
/// @throws Error(usage) if there is none or more than one
std::filesystem::path find_timestamps(const std::vector<std::filesystem::path>& inputs,
                                      const std::string& side);

}  // namespace posse
