/// Reads a network's map at points that somebody else placed, such as labels.
#pragma once

#include <span>
#include <vector>

#include "base/point.h"
#include "keypoints/scoremap.h"

namespace posse {

/// A map's values at one point.
struct ScoreAtPoint {
  /// Sigmoid of the logit at the nearest cell, in [0, 1]; NaN for a NaN point or one whose nearest
  /// cell is outside the map.
  double confidence = 0;
  /// That value divided by the sum over all cells of the map; NaN likewise, or when that sum is 0.
  double share = 0;
};

/// The scores of one frame, one per bodypart. The nearest cell is cell_from_pixel rounded half to
/// even along each axis.
///
/// @param points  [bodyparts], as many as the map has.
/// @throws Error(shape_mismatch) if there are more or fewer; Error as check_scoremap.
/// Source: TrainedModel.get_groundtruth_confidence and get_groundtruth_probability of
/// dgp_ensembletools, which wrap negative cells around to the other side of the map and fail beyond
/// its end; here both are NaN.
std::vector<ScoreAtPoint> scores_at_points(const ScoremapView& map, std::span<const Point> points);

/// sqrt(sum of squared distances / number of frames) between two sets of points
/// [frames, bodyparts]: the error is summed over bodyparts, not averaged, so it grows with their
/// number.
///
/// Distances below `epsilon` count as 0. NaN in any point, or no frame, gives NaN.
/// @throws Error(shape_mismatch) if the sets differ in size or are not whole frames of
/// `num_bodyparts`.
/// Source: TrainedModel.marker_epsilon_distance of dgp_ensembletools.
double summed_rmse(std::span<const Point> points, std::span<const Point> truth,
                   size_t num_bodyparts, double epsilon = 0);

}  // namespace posse
