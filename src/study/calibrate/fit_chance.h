/// Fits the chance that a position lies within a radius of the truth to labelled points.
#pragma once

#include <span>

#include "calibration/chance_within.h"

namespace posse {

/// Logistic regressions of "the distance is at most r" on ln sd, for r at the 5, 10 ... 95 %
/// quantiles of the distances.
///
/// The intercepts are free, so that on the points fitted to the mean chance at each r is the share
/// found, whatever the sd tells; the slopes are drawn to 0 by the weight of 20 points. Radii that
/// all points or none lie within have no curve. The same points give the same curves.
/// Source: Platt, Advances in Large Margin Classifiers, 1999, with the prior on the slope.
/// @param sds  [points] px, above 0. @param distances  [points] px
ChanceWithin fit_chance(std::span<const double> sds, std::span<const double> distances);

}  // namespace posse
