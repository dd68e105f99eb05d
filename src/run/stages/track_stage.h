/// The track of --consensus track: groups, path and smoothing, from the evidence in the journal.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "run/stage.h"

namespace posse {

/// Replaces the consensus keypoints by the track's and fills FrameResult::track.
///
/// Where groups are to be found it looks at the whole video first. Frames are delivered after the
/// lag, and with smoothing after a chunk of kTrackChunk frames more: memory does not grow with the
/// video (docs/results.md).
/// @throws Error(usage, invalid_value) for options that are out of range or name no bodypart
std::unique_ptr<Stage> make_track_stage(const RunSetting& setting);

/// "paw1,paw2;ear1,ear2" as numbers of bodyparts; empty for "none" and "auto".
/// @throws Error(usage) for unknown names, with the nearest ones, for one named twice, or for a
/// group of one or of more than kMostGroupParts.
std::vector<std::vector<int>> parse_look_alikes(const std::string& text,
                                                const std::vector<std::string>& bodyparts);

}  // namespace posse
