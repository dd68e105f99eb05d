/// Checks the place, and converts the points, of a consensus in the guise of a member: a table that
/// DeepLabCut takes for the member's own.
///
/// DeepLabCut's tools find tables by the video's name and the scorer of the project's own network,
/// in the video's folder or in `destfolder`. There they also find its own tables, so that one of
/// another origin must never lie where theirs are.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/poses.h"
#include "project/project.h"

namespace posse {

/// @throws Error(usage) if the table would lie in the member's project, or if one that posse did
/// not write as such lies there already
void check_guise(const Member& member, const std::filesystem::path& table);

/// Points of the whole frame as those of the picture that `crop` cuts out of it.
std::vector<Keypoint> in_cut_picture(std::span<const Keypoint> keypoints,
                                     const std::optional<CropBox>& crop);

}  // namespace posse
