/// Splits the table of a picture with mirrors into views, and joins the smoothed views again: its
/// bodyparts are called "<keypoint>_<camera>".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/poses.h"
#include "smoothing/models/several_cameras.h"

namespace posse {

/// Splits poses whose bodyparts are called "<keypoint>_<camera>" (mirrors: all views in one
/// picture) by camera.
///
/// Bodyparts without any of the suffixes are left out. The keypoints, in order of their first
/// appearance, are those that every camera has.
/// @throws Error(not_found) for a camera without bodyparts or no keypoint that all have;
/// Error(invalid_value) where two camera names fit one bodypart.
std::vector<Poses> split_mirrored(const Poses& poses, std::span<const std::string> camera_names);

/// The cameras' tracks as one, bodyparts "<keypoint>_<camera>", all of the first camera first.
SmoothedTracks join_mirrored(const SmoothedCameras& smoothed);

}  // namespace posse
