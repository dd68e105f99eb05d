/// Draws pictures of the frames in which members disagree most.
#pragma once

#include "report/reported_video.h"

namespace posse {

/// Draws the peaks' frames from the video: members, consensus with its ellipse, a ring at the
/// second place of what has one. Where the video is not there or cannot be read, a note says so.
/// @throws Error(interrupted)
void add_pictures(const FinishedResults& results, const ReportDetail& detail, ReportedVideo& video);

}  // namespace posse
