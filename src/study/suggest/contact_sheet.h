/// Draws one picture that shows the suggested frames.
#pragma once

#include "base/image.h"
#include "base/job_hooks.h"
#include "study/suggest/suggest.h"

namespace posse {

/// Frames that one sheet shows at most: the first.
inline constexpr size_t kMostOnSheet = 100;

/// The suggested frames with members and consensus drawn in, as wide as fits 100 on a sheet, each
/// with its video, number and reason beneath; grey with the reason where a video is not there.
/// At least one frame. @throws Error of the readers; Error(interrupted)
Image contact_sheet(const Suggestions& suggestions, const JobHooks& hooks);

}  // namespace posse
