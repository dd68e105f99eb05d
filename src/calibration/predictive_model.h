/// Predicts how far the truth may lie from a consensus: its covariance, from the members' spread
/// and the consensus map.
#pragma once

#include <string>
#include <vector>

#include "base/point.h"

namespace posse {

/// What is known of one bodypart in one frame before calibration.
struct SpreadFacts {
  int num_members = 0;  ///< with a keypoint
  Covariance members;   ///< of their keypoints, divided by num_members - 1; NaN below two
  Covariance map;  ///< of the consensus map, or the track's covariance; NaN where there is none
};

/// The covariance of members' keypoints given one after another, [members]; those with a NaN do not
/// count.
SpreadFacts spread_of(const std::vector<Point>& keypoints, const Covariance& map);

/// Sigma = scale_k [ a^2 I + (beta + 1/n) S~ + c^2 M ], S~ = (nu0 S0_k + (n - 1) S) / (nu0 + n -
/// 1).
///
/// S: the members' covariance, S0_k its mean over labelled frames, M the map's. Where `constant`,
/// Sigma = scale_k a^2 I. Source: nonhomogeneous regression of ensembles in two dimensions,
/// Schuhen, Thorarinsdottir and Gneiting, Monthly Weather Review 140, 2012; the 1/n lets a fit on
/// few members hold for many.
struct PredictiveModel {
  bool constant = false;
  double a = 1;     ///< px
  double beta = 0;  ///< at least 0
  double c = 0;     ///< at least 0
  double nu0 = 3;
  std::vector<Covariance> pooled_members;  ///< [bodyparts] S0_k, px^2
  std::vector<Covariance> pooled_map;      ///< [bodyparts] in place of a missing M, px^2
  std::vector<double> scale;               ///< [bodyparts] s_k^2

  /// Positive definite for a > 0.
  Covariance covariance(size_t bodypart, const SpreadFacts& facts) const;
};

}  // namespace posse
