/// Scores how well a stated distribution of a position fits the true position, one point at a time.
///
/// Distances and standard deviations are in pixels, covariances in square pixels. NaN in gives NaN
/// out.
#pragma once

#include <span>

#include "base/point.h"

namespace posse {

double determinant(const Covariance& covariance);
inline double trace(const Covariance& covariance) { return covariance.xx + covariance.yy; }

/// Squared Mahalanobis distance d^2 = (dx, dy) covariance^-1 (dx, dy)^T; infinite for a covariance
/// that is not positive definite, unless the difference is 0.
double squared_mahalanobis(double dx, double dy, const Covariance& covariance);

/// Share of a two-dimensional normal distribution within the ellipse through the point:
/// 1 - exp(-d^2 / 2). Uniform in [0, 1] where the distribution is right. Source: Box ordinate
/// transform, Gneiting, Stanberry, Grimit, Held and Johnson, TEST 17, 2008.
double box_ordinate_pit(double d2);

/// The d^2 within which a share `p` lies: -2 ln(1 - p), the quantile of chi-square with 2 degrees
/// of freedom.
double region_bound(double p);

/// Continuous ranked probability score of a normal distribution, in pixels; 0 is best.
/// sigma [z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)], z = error / sigma; |error| at sigma 0.
/// Source: Gneiting, Raftery, Westveld and Goldman, Monthly Weather Review 133, 2005.
double crps_normal(double error, double sigma);

/// Energy score of points as a sample, without the bias of its size, in pixels; 0 is best:
/// mean_i |x_i - l| - sum_ij |x_i - x_j| / (2 n (n - 1)). One point gives its distance; none NaN.
/// Source: Ferro, Quarterly Journal of the Royal Meteorological Society 140, 2014.
double energy_score_of_points(std::span<const Point> points, const Point& truth);

/// Energy score of an isotropic normal distribution at `distance` from the truth:
/// sigma sqrt(pi/2) L_1/2(-r^2 / 2 sigma^2) - sigma sqrt(pi) / 2; the distance at sigma 0.
double energy_score_isotropic(double distance, double sigma);

/// Negative logarithm of the normal density: d^2 / 2 + ln|covariance| / 2 + ln 2 pi; infinite for a
/// covariance that is not positive definite.
double log_score(double dx, double dy, const Covariance& covariance);

}  // namespace posse
