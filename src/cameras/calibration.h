/// Reads Anipose calibration files (TOML) into camera models.
#pragma once

#include <string>
#include <vector>

#include "cameras/camera_model.h"

namespace posse {

/// Cameras of an Anipose calibration (TOML): one table per camera with `name`, `size`, `matrix`,
/// `distortions`, `rotation`, `translation` and optionally `fisheye`; in order of the tables'
/// sorted names. A name may be a whole number. `metadata` is ignored.
/// @param text    the file's contents.
/// @param source  its name, for messages.
/// @throws Error(bad_file) naming the table and key; Error(unsupported) for Caliscope's own file.
std::vector<CameraModel> parse_calibration(const std::string& text, const std::string& source);

}  // namespace posse
