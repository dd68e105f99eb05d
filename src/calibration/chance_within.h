/// Computes the chance that a position lies within a radius of the truth, from the standard
/// deviation stated for it.
#pragma once

#include <cstddef>
#include <vector>

namespace posse {

/// Logistic curves over the stated standard deviation, one for each of a row of radii.
///
/// At radii[j] the chance is 1 / (1 + exp(-(intercept[j] + slope[j] u))), where
/// u = (ln sd - center) / width. It never falls as the radius grows, is 0 at radius 0, lies on
/// straight lines between the radii, and from `farthest` on is n / (n + 1).
struct ChanceWithin {
  double center = 0;              ///< mean of ln sd over the labelled points, sd in px
  double width = 1;               ///< its standard deviation; above 0
  std::vector<double> radii;      ///< px, ascending, above 0
  std::vector<double> intercept;  ///< [radii]
  std::vector<double> slope;      ///< [radii]
  double farthest = 0;            ///< px, largest distance of a labelled point
  size_t num_points = 0;          ///< n

  /// @param sd  px per axis, above 0. @param radius  px
  /// @return in [0, 1]; NaN where sd or radius is NaN
  double chance(double sd, double radius) const;
};

}  // namespace posse
