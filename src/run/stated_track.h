/// Reads what finished tables state of a track beside its points, as pictures show it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/outputs/drawn_poses.h"

namespace posse {

struct StatedTrack {
  std::vector<std::string> bodyparts;     ///< [bodyparts]
  std::map<int64_t, size_t> rows;         ///< row of each frame_index
  std::vector<StatedKeypoint> keypoints;  ///< [frames, bodyparts]

  /// Those of one frame by the names asked for; a bodypart or frame that the table lacks is stated
  /// nothing of (covariance NaN, seen).
  std::vector<StatedKeypoint> of_frame(int64_t frame_index,
                                       const std::vector<std::string>& names) const;
};

/// Reads track_covariance, chance_seen and seen of a .h5 (docs/results.md), or the columns
/// x_posterior_var, y_posterior_var, xy_posterior_cov, chance_seen and seen of a wide csv; where
/// seen is missing it is true, where xy_posterior_cov is, 0.
/// @return nullopt for a table that states no chance_seen: of no track, or a plain csv.
/// @throws Error as read_raw_table; Error(bad_file) for arrays that do not fit the table
std::optional<StatedTrack> read_stated_track(const std::filesystem::path& table);

}  // namespace posse
