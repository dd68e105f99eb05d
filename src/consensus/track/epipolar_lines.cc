#include "consensus/track/epipolar_lines.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/count_text.h"
#include "base/median.h"
#include "cameras/symmetric_eigen.h"
#include "consensus/track/place_votes.h"

namespace posse {
namespace {

constexpr size_t kMostPoints = 4096;
constexpr double kToStd = 1.4826;  // of a median absolute deviation, for normal errors

using Vector4 = Eigen::Vector4d;
using Points = std::vector<Vector4>;

/// normal · z + offset = 0 with |normal|² = 2, so that |normal · z + offset| is
/// EpipolarGeometry::difference.
struct Plane {
  Vector4 normal = Vector4::Zero();
  double offset = 0;
  double difference(const Vector4& z) const { return std::abs(normal.dot(z) + offset); }
};

Plane plane_through(const Vector4& normal, const Vector4& point) {
  const Vector4 scaled = normal * (std::sqrt(2.0) / normal.norm());
  return {.normal = scaled, .offset = -scaled.dot(point)};
}

/// As a standard deviation of normal errors; NaN without values.
double spread_of(std::vector<double> differences) {
  if (differences.empty()) return std::numeric_limits<double>::quiet_NaN();
  return kToStd * upper_median_of(differences);
}

double median_difference(const Points& points, const Plane& plane) {
  std::vector<double> differences;
  differences.reserve(points.size());
  for (const Vector4& point : points) differences.push_back(plane.difference(point));
  return upper_median_of(differences);
}

/// The direction across three others; zero if they do not span a space.
Vector4 across(const Vector4& u, const Vector4& v, const Vector4& w) {
  Vector4 normal;
  for (int i = 0; i < 4; ++i) {
    Eigen::Matrix3d minor;
    for (int row = 0, from = 0; from < 4; ++from) {
      if (from == i) continue;
      minor.row(row++) << u[from], v[from], w[from];
    }
    const double determinant = minor.determinant();
    normal[i] = i % 2 == 0 ? determinant : -determinant;
  }
  return normal;
}

/// Through four of the points, the one with the least median difference.
Plane best_of_samples(const Points& points) {
  constexpr int kSamples = 500;
  std::mt19937 random(1);  // the engine's numbers are the same everywhere
  const auto draw = [&]() -> const Vector4& { return points[random() % points.size()]; };
  Plane best;
  double least = std::numeric_limits<double>::infinity();
  for (int sample = 0; sample < kSamples; ++sample) {
    const Vector4& origin = draw();
    const Vector4 normal = across(draw() - origin, draw() - origin, draw() - origin);
    if (!(normal.norm() > 0)) continue;
    const Plane plane = plane_through(normal, origin);
    const double median = median_difference(points, plane);
    if (median < least) {
      least = median;
      best = plane;
    }
  }
  return best;
}

/// A plane of least squares and how far its points spread along it where they do least.
struct Fit {
  Plane plane;
  double contrast = 0;  ///< px, as a standard deviation of differences
};

Fit fit_of(const Points& points) {
  Vector4 mean = Vector4::Zero();
  for (const Vector4& point : points) mean += point;
  mean /= static_cast<double>(points.size());
  Eigen::Matrix4d scatter = Eigen::Matrix4d::Zero();
  for (const Vector4& point : points) scatter += (point - mean) * (point - mean).transpose();
  const SymmetricEigen eigen = eigen_of_symmetric(scatter / static_cast<double>(points.size()));
  const Vector4 normal = eigen.vectors.col(0);
  return {.plane = plane_through(normal, mean),
          .contrast = std::sqrt(2 * std::max(0.0, eigen.values[1]))};
}

Fit robust_fit(const Points& points) {
  constexpr int kRounds = 5;
  constexpr double kReach = 2.5;
  constexpr double kLeastReach = 0.05;  // px: exact points are all kept
  Fit fit{.plane = best_of_samples(points)};
  if (fit.plane.normal.isZero()) return fit;
  for (int round = 0; round < kRounds; ++round) {
    const double reach =
        std::max(kLeastReach, kReach * kToStd * median_difference(points, fit.plane));
    Points near;
    for (const Vector4& point : points) {
      if (fit.plane.difference(point) <= reach) near.push_back(point);
    }
    fit = fit_of(near);
  }
  return fit;
}

std::array<double, 5> equation_of(const Plane& plane) {
  const Vector4& n = plane.normal;
  const double leading = std::abs(n[0]) >= std::abs(n[1]) ? n[0] : n[1];
  const double sign = leading < 0 ? -1 : 1;
  return {sign * n[0], sign * n[1], sign * n[2], sign * n[3], sign * plane.offset};
}

/// Place with most of the bodypart's evidence, if that has at least the share of it.
std::optional<Point> sure_spot(const FrameEvidence& frame, int bodypart, double least_share) {
  if (std::isnan(frame.background[static_cast<size_t>(bodypart)])) return {};
  const PlaceEvidence* main = nullptr;
  for (const PlaceEvidence& evidence : frame.evidence) {
    if (evidence.bodypart != bodypart ||
        frame.places[static_cast<size_t>(evidence.place)].bodypart != bodypart) {
      continue;
    }
    if (main == nullptr || evidence.mass > main->mass) main = &evidence;
  }
  if (main == nullptr) return {};
  const double share = static_cast<double>(main->mass) * kPlaceCells / frame.num_cells;
  if (share < least_share) return {};
  return spot_of(frame, main->place);
}

}  // namespace

EpipolarLineFinder::EpipolarLineFinder(std::vector<TwoViews> views, EpipolarLineOptions options)
    : views_(std::move(views)), options_(options), points_(views_.size()) {}

void EpipolarLineFinder::thin(std::vector<PointPair>& points) const {
  std::erase_if(points, [&](const PointPair& pair) { return pair.frame % every_ != 0; });
}

void EpipolarLineFinder::add(const FrameEvidence& frame) {
  stride_ = frame.stride;
  const uint64_t number = num_frames_++;
  if (number % every_ != 0) return;
  bool is_full = false;
  for (size_t v = 0; v < views_.size(); ++v) {
    for (const auto& [first, second] : views_[v].bodyparts) {
      const auto a = sure_spot(frame, first, options_.least_share);
      const auto b = sure_spot(frame, second, options_.least_share);
      if (a && b) points_[v].push_back({number, {a->x, a->y, b->x, b->y}});
    }
    is_full = is_full || points_[v].size() > kMostPoints;
  }
  if (!is_full) return;
  every_ *= 2;
  for (std::vector<PointPair>& points : points_) thin(points);
}

EpipolarLine EpipolarLineFinder::find(const TwoViews& views,
                                      const std::vector<PointPair>& points) const {
  EpipolarLine line{.views = views, .geometry = {}, .equation = {}, .num_points = points.size()};
  Points values;
  for (const PointPair& pair : points) values.emplace_back(Vector4(pair.values.data()));
  if (views.given) {
    line.geometry = *views.given;
    std::vector<double> differences;
    for (const Vector4& z : values) {
      const double difference = line.geometry.difference(line.geometry.straight_a({z[0], z[1]}),
                                                         line.geometry.straight_b({z[2], z[3]}));
      if (std::isfinite(difference)) differences.push_back(difference);
    }
    line.spread = spread_of(std::move(differences));
    return line;
  }
  line.spread = std::numeric_limits<double>::quiet_NaN();
  if (points.size() < options_.least_points) {
    line.why_not = fmt::format("both are sure in {} only, {} are needed",
                               count_text(std::ssize(points), "frame"), options_.least_points);
    return line;
  }
  std::ranges::sort(values,
                    [](const Vector4& a, const Vector4& b) {  // whatever the order of frames
                      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
                    });
  const Fit fit = robust_fit(values);
  const double of_first = fit.plane.normal.head<2>().squaredNorm() / 2;
  line.spread = kToStd * median_difference(values, fit.plane);
  const double least =
      std::max(options_.least_cells * stride_, options_.least_contrast * line.spread);
  if (fit.plane.normal.isZero() || fit.contrast < least ||
      std::min(of_first, 1 - of_first) < options_.least_share_of_view) {
    line.why_not = "the bodyparts move along too few directions to tell one line from another";
  } else if (line.spread > options_.most_cells * stride_) {
    line.why_not = fmt::format("points spread by {:.1f} px from the best line", line.spread);
  }
  line.equation = equation_of(fit.plane);
  line.geometry = affine_epipolar(*line.equation);
  return line;
}

std::vector<EpipolarLine> EpipolarLineFinder::find() const {
  std::vector<EpipolarLine> lines;
  for (size_t v = 0; v < views_.size(); ++v) lines.push_back(find(views_[v], points_[v]));
  return lines;
}

std::vector<ViewPair> pairs_of(const AgreeingViews& views, const std::vector<EpipolarLine>& lines) {
  std::vector<ViewPair> pairs = views.pairs;
  for (const EpipolarLine& line : lines) {
    if (!line.why_not.empty()) continue;
    for (const auto& [a, b] : line.views.bodyparts) {
      pairs.push_back({.a = static_cast<size_t>(a),
                       .b = static_cast<size_t>(b),
                       .geometry = line.geometry,
                       .spread = std::isfinite(line.spread) ? line.spread : 0});
    }
  }
  return pairs;
}

}  // namespace posse
