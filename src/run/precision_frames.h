/// Checks a precision below float32 on frames of a video before networks run with it.
#pragma once

#include <optional>

#include "base/stop.h"
#include "ensemble/ensemble.h"
#include "run/plan.h"

namespace posse {

/// Where networks compute with fewer digits than float32: Ensemble::check_precision() with up to
/// kPrecisionFrames frames of the plan's video, spread over the range. Nothing else; nor where the
/// number of frames is not known beforehand, where the run looks at its first ones.
/// @throws Error of the reader; Error(interrupted); as Ensemble::check_precision()
void check_precision_on_video(Ensemble& ensemble, const RunPlan& plan, const FrameRange& range,
                              const StopFlag* stop);

/// Frames [range.start, ...) of `num_frames`, at most `most`, about equally far apart, each in the
/// middle of its share of the range.
std::vector<int64_t> spread_frames(const FrameRange& range, int64_t num_frames, size_t most);

}  // namespace posse
