#include "consensus/geometric_median.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

double summed_distance(std::span<const Point> points, const Point& centre) {
  double sum = 0;
  for (const Point& point : points) {
    sum += std::hypot(point.x - centre.x, point.y - centre.y);
  }
  return sum;
}

bool equal(const Point& a, const Point& b) { return a.x == b.x && a.y == b.y; }

/// True if no move away from this given point shortens the summed distance.
bool minimises(std::span<const Point> points, const Point& candidate) {
  double multiplicity = 0;
  Point pull;
  for (const Point& point : points) {
    const double distance = std::hypot(point.x - candidate.x, point.y - candidate.y);
    if (distance == 0) {
      ++multiplicity;
    } else {
      pull.x += (point.x - candidate.x) / distance;
      pull.y += (point.y - candidate.y) / distance;
    }
  }
  // Rounding of unit vectors must not hide that opposite ones cancel.
  return std::hypot(pull.x, pull.y) <= multiplicity + 1e-12 * static_cast<double>(points.size());
}

/// The mean of the distinct given points that minimise: several lie at the ends of a minimising
/// segment.
std::optional<Point> minimum_at_given_points(std::span<const Point> points) {
  std::vector<Point> found;
  for (const Point& point : points) {
    const bool known =
        std::ranges::any_of(found, [&](const Point& other) { return equal(point, other); });
    if (!known && minimises(points, point)) {
      found.push_back(point);
    }
  }
  if (found.empty()) {
    return std::nullopt;
  }
  Point mean;
  for (const Point& point : found) {
    mean.x += point.x / static_cast<double>(found.size());
    mean.y += point.y / static_cast<double>(found.size());
  }
  return mean;
}

/// The next point: Newton's if it descends, else Weiszfeld's, which always does. No given point may
/// coincide with `at`.
Point improve(std::span<const Point> points, const Point& at) {
  Point gradient;
  double hxx = 0;
  double hxy = 0;
  double hyy = 0;
  double weights = 0;
  for (const Point& point : points) {
    const double distance = std::hypot(point.x - at.x, point.y - at.y);
    const double ux = (at.x - point.x) / distance;
    const double uy = (at.y - point.y) / distance;
    gradient.x += ux;
    gradient.y += uy;
    hxx += uy * uy / distance;
    hxy -= ux * uy / distance;
    hyy += ux * ux / distance;
    weights += 1 / distance;
  }
  const double determinant = hxx * hyy - hxy * hxy;
  const Point newton{.x = at.x - (hyy * gradient.x - hxy * gradient.y) / determinant,
                     .y = at.y - (hxx * gradient.y - hxy * gradient.x) / determinant};
  if (determinant > 0 && summed_distance(points, newton) < summed_distance(points, at)) {
    return newton;
  }
  return {.x = at.x - gradient.x / weights, .y = at.y - gradient.y / weights};
}

}  // namespace

Point geometric_median(std::span<const Point> points) {
  POSSE_ASSERT(!points.empty());
  if (const auto given = minimum_at_given_points(points)) {
    return *given;
  }
  Point centre;
  for (const Point& point : points) {
    centre.x += point.x / static_cast<double>(points.size());
    centre.y += point.y / static_cast<double>(points.size());
  }
  const double extent = summed_distance(points, centre) / static_cast<double>(points.size());
  constexpr int kMostSteps = 200;  // Newton needs about ten
  for (int step = 0; step < kMostSteps; ++step) {
    // A given point that is not the minimum: step off it by a little, since distances to it have no
    // derivative there.
    while (std::ranges::any_of(points, [&](const Point& point) { return equal(point, centre); })) {
      centre.x += 1e-6 * extent;
      centre.y += 2e-6 * extent;
    }
    const Point next = improve(points, centre);
    const double moved = std::hypot(next.x - centre.x, next.y - centre.y);
    centre = next;
    if (moved <= 1e-10 * extent) {
      break;
    }
  }
  return centre;
}

}  // namespace posse
