#include "study/calibrate/fit_chance.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "study/scores/distance_summary.h"

namespace posse {
namespace {

constexpr double kShrinkage = 20;  ///< points whose weight draws a slope to 0

struct Line {
  double intercept = 0;
  double slope = 0;
};

/// Newton's method on the penalised log likelihood, which is concave: steps of at most 1 find its
/// one maximum. A point carries at most 1/4 of information on a slope.
Line logistic_line(std::span<const double> u, std::span<const char> within, double share) {
  constexpr double kPenalty = kShrinkage / 4;
  Line line{.intercept = std::log(share / (1 - share))};
  for (int step = 0; step < 100; ++step) {
    double g0 = 0, g1 = -kPenalty * line.slope, h00 = 0, h01 = 0, h11 = kPenalty;
    for (size_t i = 0; i < u.size(); ++i) {
      const double p = 1 / (1 + std::exp(-(line.intercept + line.slope * u[i])));
      const double residual = (within[i] != 0 ? 1 : 0) - p, weight = std::max(p * (1 - p), 1e-12);
      g0 += residual;
      g1 += residual * u[i];
      h00 += weight;
      h01 += weight * u[i];
      h11 += weight * u[i] * u[i];
    }
    const double det = h00 * h11 - h01 * h01;
    const double by0 = std::clamp((h11 * g0 - h01 * g1) / det, -1.0, 1.0);
    const double by1 = std::clamp((h00 * g1 - h01 * g0) / det, -1.0, 1.0);
    line.intercept += by0;
    line.slope += by1;
    if (std::abs(by0) + std::abs(by1) < 1e-12) break;
  }
  return line;
}

}  // namespace

ChanceWithin fit_chance(std::span<const double> sds, std::span<const double> distances) {
  POSSE_ASSERT(sds.size() == distances.size());
  ChanceWithin chance{.num_points = sds.size()};
  if (sds.empty()) return chance;
  const auto count = static_cast<double>(sds.size());
  std::vector<double> u;
  for (const double sd : sds) u.push_back(std::log(sd));
  for (const double one : u) chance.center += one / count;
  double squares = 0;
  for (const double one : u) squares += (one - chance.center) * (one - chance.center) / count;
  chance.width = squares > 1e-12 ? std::sqrt(squares) : 1;
  for (double& one : u) one = (one - chance.center) / chance.width;
  std::vector<double> sorted(distances.begin(), distances.end());
  std::sort(sorted.begin(), sorted.end());
  chance.farthest = sorted.back();
  for (int percent = 5; percent <= 95; percent += 5) {
    const double radius = quantile_of_sorted(sorted, percent / 100.0);
    std::vector<char> within;
    for (const double d : distances) within.push_back(d <= radius ? 1 : 0);
    const auto inside = static_cast<double>(std::count(within.begin(), within.end(), 1));
    const bool is_new = chance.radii.empty() || radius > chance.radii.back();
    if (!(radius > 0) || !is_new || inside == 0 || inside == count) continue;
    const Line line = logistic_line(u, within, inside / count);
    chance.radii.push_back(radius);
    chance.intercept.push_back(line.intercept);
    chance.slope.push_back(line.slope);
  }
  return chance;
}

}  // namespace posse
