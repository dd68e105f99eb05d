/// Names and fills the arrays that a table (.h5) holds of a track beside the poses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "consensus/track/tracked_frame.h"
#include "results/table/table_writer.h"

namespace posse {

inline constexpr size_t kNumTrackArrays = 5;

/// track_covariance, chance, chance_seen, second_place and seen; see docs/results.md.
std::vector<ExtraArray> track_arrays(int64_t bodyparts);

/// Appends one bodypart's values to the arrays' rows.
/// @param rows  [kNumTrackArrays], in the order of track_arrays
void append_track_values(const TrackedKeypoint& tracked, std::span<std::vector<double>> rows);

}  // namespace posse
