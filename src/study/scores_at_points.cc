#include "study/scores_at_points.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double sum_of_sigmoids(const ScoremapView& map, int bodypart) {
  double sum = 0;
  for (int row = 0; row < map.height; ++row) {
    for (int col = 0; col < map.width; ++col) sum += sigmoid(map.logit(row, col, bodypart));
  }
  return sum;
}

ScoreAtPoint score_at_point(const ScoremapView& map, int bodypart, Point point) {
  // nearbyint rounds half to even in the default rounding mode, as numpy.round does.
  const double col = std::nearbyint(cell_from_pixel(point.x - map.offset_x, map.stride));
  const double row = std::nearbyint(cell_from_pixel(point.y - map.offset_y, map.stride));
  const bool inside = row >= 0 && row < map.height && col >= 0 && col < map.width;
  if (!inside) return {kNan, kNan};  // NaN compares as not inside
  const double confidence =
      sigmoid(map.logit(static_cast<int>(row), static_cast<int>(col), bodypart));
  return {confidence, confidence / sum_of_sigmoids(map, bodypart)};
}

}  // namespace

std::vector<ScoreAtPoint> scores_at_points(const ScoremapView& map, std::span<const Point> points) {
  check_scoremap(map);
  if (points.size() != static_cast<size_t>(map.num_bodyparts)) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} points for a scoremap of {} bodyparts: one per bodypart is needed",
                            points.size(), map.num_bodyparts));
  }
  std::vector<ScoreAtPoint> scores;
  scores.reserve(points.size());
  for (const Point& point : points) {
    scores.push_back(score_at_point(map, static_cast<int>(scores.size()), point));
  }
  return scores;
}

double summed_rmse(std::span<const Point> points, std::span<const Point> truth,
                   size_t num_bodyparts, double epsilon) {
  if (points.size() != truth.size() || num_bodyparts == 0 || points.size() % num_bodyparts != 0) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} points against {} true ones of {} bodyparts: both must have the "
                            "same number of whole frames",
                            points.size(), truth.size(), num_bodyparts));
  }
  double sum = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double distance = std::hypot(points[i].x - truth[i].x, points[i].y - truth[i].y);
    if (!(distance < epsilon)) sum += distance * distance;  // NaN is kept
  }
  return std::sqrt(sum / static_cast<double>(points.size() / num_bodyparts));
}

}  // namespace posse
