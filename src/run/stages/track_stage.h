/// Makes the stage of --consensus track: groups, path and smoothing, from the evidence in the
/// journal.
#pragma once

#include <memory>

#include "run/stage.h"

namespace posse {

/// Replaces the consensus keypoints by the track's and fills FrameResult::track.
///
/// Where groups are to be found it looks at the whole video first. Frames are delivered after the
/// lag, and with smoothing after a chunk of kTrackChunk frames more: memory does not grow with the
/// video (docs/results.md).
/// @throws Error(usage, invalid_value) for options that are out of range or name no bodypart
std::unique_ptr<Stage> make_track_stage(const RunSetting& setting);

}  // namespace posse
