#include "study/scores/gaussian_scores.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace posse {

double determinant(const Covariance& covariance) {
  return covariance.xx * covariance.yy - covariance.xy * covariance.xy;
}

namespace {

bool is_definite(const Covariance& c) { return c.xx > 0 && c.yy > 0 && determinant(c) > 0; }
bool has_nan(const Covariance& c) {
  return std::isnan(c.xx) || std::isnan(c.xy) || std::isnan(c.yy);
}

}  // namespace

double squared_mahalanobis(double dx, double dy, const Covariance& covariance) {
  if (std::isnan(dx) || std::isnan(dy) || has_nan(covariance)) return std::nan("");
  if (dx == 0 && dy == 0) return 0;
  if (!is_definite(covariance)) return std::numeric_limits<double>::infinity();
  return (covariance.yy * dx * dx - 2 * covariance.xy * dx * dy + covariance.xx * dy * dy) /
         determinant(covariance);
}

double box_ordinate_pit(double d2) { return -std::expm1(-0.5 * d2); }

double region_bound(double p) { return -2 * std::log1p(-p); }

double crps_normal(double error, double sigma) {
  if (sigma == 0) return std::abs(error);
  const double z = error / sigma;
  const double two_phi_less_one = std::erf(z / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  return sigma * (z * two_phi_less_one + 2 * density - std::numbers::inv_sqrtpi);
}

double energy_score_of_points(std::span<const Point> points, const Point& truth) {
  const auto count = static_cast<double>(points.size());
  if (points.empty()) return std::nan("");
  double to_truth = 0, among = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    to_truth += std::hypot(points[i].x - truth.x, points[i].y - truth.y);
    for (size_t j = i + 1; j < points.size(); ++j)
      among += std::hypot(points[i].x - points[j].x, points[i].y - points[j].y);
  }
  if (points.size() == 1) return to_truth;
  return to_truth / count - among / (count * (count - 1));
}

double energy_score_isotropic(double distance, double sigma) {
  if (sigma == 0) return distance;
  const double u = distance * distance / (2 * sigma * sigma);
  double mean_distance = 0;  // of a draw from the truth
  if (u < 400) {
    mean_distance = sigma * std::sqrt(std::numbers::pi / 2) * std::exp(-u / 2) *
                    ((1 + u) * std::cyl_bessel_i(0, u / 2) + u * std::cyl_bessel_i(1, u / 2));
  } else {  // where the Bessel functions leave the range of numbers
    mean_distance = distance * (1 + 1 / (4 * u) * (1 + 1 / (8 * u) * (1 + 3 / (4 * u))));
  }
  return mean_distance - sigma * std::sqrt(std::numbers::pi) / 2;
}

double log_score(double dx, double dy, const Covariance& covariance) {
  if (std::isnan(dx) || std::isnan(dy) || has_nan(covariance)) return std::nan("");
  if (!is_definite(covariance)) return std::numeric_limits<double>::infinity();
  return 0.5 * squared_mahalanobis(dx, dy, covariance) + 0.5 * std::log(determinant(covariance)) +
         std::log(2 * std::numbers::pi);
}

}  // namespace posse
