/// Fills the frames that a table leaves out. Rows are filtered as if they were neighbours in time,
/// so a gap in the frame numbers becomes rows in which nothing is seen, which are predicted and
/// left out of the result.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/frame_array.h"
#include "base/poses.h"
#include "smoothing/models/smoothed_tracks.h"

namespace posse {

/// True if a frame number between the first and the last is not there.
bool has_gaps(std::span<const int64_t> frame_index);

/// The members with a row for every frame from their first to their last: those that were not there
/// have missing points (NaN, likelihood 0).
/// @throws Error(invalid_value) where so many frames are left out that they cannot be held
std::vector<Poses> fill_gaps(std::span<const Poses> members);

/// The rows of `filled` that belong to `frames`, which begin with the first row's.
FrameArray rows_of_frames(const FrameArray& filled, std::span<const int64_t> frames);

/// The tracks of filled members at `frames` alone.
void keep_frames(SmoothedTracks& tracks, const std::vector<int64_t>& frames);

}  // namespace posse
