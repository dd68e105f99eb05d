#include "calibration/chance_within.h"

#include <algorithm>
#include <cmath>

namespace posse {

double ChanceWithin::chance(double sd, double radius) const {
  if (std::isnan(sd) || std::isnan(radius)) return std::nan("");
  const double u = (std::log(sd) - center) / width;
  const double most = static_cast<double>(num_points) / static_cast<double>(num_points + 1);
  double last_radius = 0, last = 0;
  for (size_t j = 0; j <= radii.size(); ++j) {
    const bool is_curve = j < radii.size();
    const double next_radius = is_curve ? radii[j] : std::max(farthest, last_radius);
    const double next =
        std::max(last, is_curve ? 1 / (1 + std::exp(-(intercept[j] + slope[j] * u))) : most);
    if (radius < next_radius)
      return last + (next - last) * (radius - last_radius) / (next_radius - last_radius);
    last_radius = next_radius;
    last = next;
  }
  return last;
}

}  // namespace posse
