/// Makes the stage that adds to every keypoint what a calibration says of it, from the members'
/// spread and the consensus map.
#pragma once

#include <memory>
#include <span>

#include "run/stage.h"

namespace posse {

/// Fills FrameResult::calibrated; comes after the consensus is what it will be. Bodyparts that the
/// calibration does not know, and missing keypoints, get NaN.
/// @throws as read_calibration; Error(usage) for a calibration of other networks or of another
/// rule, unless options.force_calibration is set, or for a radius that is not above 0
std::unique_ptr<Stage> make_calibrate_stage(const RunSetting& setting);

}  // namespace posse
