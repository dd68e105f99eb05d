#include "calibration/predictive_model.h"

#include <cmath>

namespace posse {
namespace {

bool has_nan(const Covariance& c) {
  return std::isnan(c.xx) || std::isnan(c.xy) || std::isnan(c.yy);
}

void add(Covariance& sum, double factor, const Covariance& c) {
  sum.xx += factor * c.xx;
  sum.xy += factor * c.xy;
  sum.yy += factor * c.yy;
}

}  // namespace

SpreadFacts spread_of(const std::vector<Point>& keypoints, const Covariance& map) {
  SpreadFacts facts{.map = map};
  Point mean;
  for (const Point& p : keypoints) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    ++facts.num_members;
    mean.x += (p.x - mean.x) / facts.num_members;
    mean.y += (p.y - mean.y) / facts.num_members;
  }
  if (facts.num_members < 2) {
    facts.members = {std::nan(""), std::nan(""), std::nan("")};
    return facts;
  }
  for (const Point& p : keypoints) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    const double dx = p.x - mean.x, dy = p.y - mean.y;
    add(facts.members, 1.0 / (facts.num_members - 1), {dx * dx, dx * dy, dy * dy});
  }
  return facts;
}

Covariance PredictiveModel::covariance(size_t bodypart, const SpreadFacts& facts) const {
  Covariance sum{a * a, 0, a * a};
  if (!constant) {
    const double n = facts.num_members < 1 ? 1 : facts.num_members;
    const double from_members = has_nan(facts.members) ? 0 : n - 1;
    Covariance shrunk;
    add(shrunk, nu0 / (nu0 + from_members), pooled_members[bodypart]);
    if (from_members > 0) add(shrunk, from_members / (nu0 + from_members), facts.members);
    add(sum, beta + 1 / n, shrunk);
    add(sum, c * c, has_nan(facts.map) ? pooled_map[bodypart] : facts.map);
  }
  const double factor = scale[bodypart];
  return {factor * sum.xx, factor * sum.xy, factor * sum.yy};
}

}  // namespace posse
