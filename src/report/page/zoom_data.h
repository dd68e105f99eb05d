/// Encodes the numbers behind a video's traces for the page's script, which zooms into them.
#pragma once

#include <string>

#include "report/reported_video.h"

namespace posse {

/// The id of a trace's figure.
std::string trace_id(const std::string& video_id, size_t bodypart, size_t axis);

/// JSON: frames, columns and for every figure by its id and role the least and most of each column
/// as base64 of little-endian 16-bit numbers between "low" (0) and "high" (65534); 65535 is
/// missing.
/// @param most_bytes  decides how many columns there are, at least 500
std::string zoom_data(const ReportedVideo& video, const std::string& video_id, size_t most_bytes);

}  // namespace posse
