#include "smoothing/triangulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "smoothing/simd_clones.h"

namespace posse {
namespace {

constexpr size_t kBlock = 64;  // frames worked on side by side
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Lanes = std::array<double, kBlock>;

/// Upper triangles of the 4 x 4 normal matrices of kBlock linear systems.
using NormalMatrices = std::array<Lanes, 10>;

/// Rows of a camera's [R | t], the projection to normalised coordinates.
using Projection = std::array<std::array<double, 4>, 3>;

Projection projection_of(const CameraModel& camera) {
  Projection p;
  for (int row = 0; row < 3; ++row) {
    for (int col = 0; col < 3; ++col) p[row][col] = camera.rotation(row, col);
    p[row][3] = camera.translation(row);
  }
  return p;
}

/// Adds a camera's two equations, x P3 - P1 and y P3 - P2, to each system; a missing pixel adds
/// nothing.
POSSE_SIMD_CLONES void add_view(const Projection& projection, const Lanes& x, const Lanes& y,
                                NormalMatrices& normal, Lanes& num_views) {
  const Projection p = projection;
  for (size_t l = 0; l < kBlock; ++l) {
    const bool seen = x[l] - x[l] == 0 && y[l] - y[l] == 0;
    const double u = seen ? x[l] : 0.0;
    const double v = seen ? y[l] : 0.0;
    const double weight = seen ? 1.0 : 0.0;
    const double a0 = weight * (u * p[2][0] - p[0][0]), b0 = weight * (v * p[2][0] - p[1][0]);
    const double a1 = weight * (u * p[2][1] - p[0][1]), b1 = weight * (v * p[2][1] - p[1][1]);
    const double a2 = weight * (u * p[2][2] - p[0][2]), b2 = weight * (v * p[2][2] - p[1][2]);
    const double a3 = weight * (u * p[2][3] - p[0][3]), b3 = weight * (v * p[2][3] - p[1][3]);
    normal[0][l] += a0 * a0 + b0 * b0;
    normal[1][l] += a0 * a1 + b0 * b1;
    normal[2][l] += a0 * a2 + b0 * b2;
    normal[3][l] += a0 * a3 + b0 * b3;
    normal[4][l] += a1 * a1 + b1 * b1;
    normal[5][l] += a1 * a2 + b1 * b2;
    normal[6][l] += a1 * a3 + b1 * b3;
    normal[7][l] += a2 * a2 + b2 * b2;
    normal[8][l] += a2 * a3 + b2 * b3;
    normal[9][l] += a3 * a3 + b3 * b3;
    num_views[l] += weight;
  }
}

/// Cholesky factors (L D L') of the normal matrices: unit L below the diagonal in 1, 2, 3, 5, 6, 8,
/// 1 / D in 0, 4, 7, 9.
POSSE_SIMD_CLONES void factorise(NormalMatrices& m) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double least = 1e-15 * (m[0][l] + m[4][l] + m[7][l] +
                                  m[9][l]);  // rounding of an exact solution's zero pivot
    const double d0 = 1 / std::max(m[0][l], least);
    const double l1 = m[1][l] * d0, l2 = m[2][l] * d0, l3 = m[3][l] * d0;
    const double d1 = 1 / std::max(m[4][l] - l1 * m[1][l], least);
    const double c12 = m[5][l] - l1 * m[2][l], c13 = m[6][l] - l1 * m[3][l];
    const double l12 = c12 * d1, l13 = c13 * d1;
    const double d2 = 1 / std::max(m[7][l] - l2 * m[2][l] - l12 * c12, least);
    const double c23 = m[8][l] - l2 * m[3][l] - l12 * c13;
    const double l23 = c23 * d2;
    const double d3 = 1 / std::max(m[9][l] - l3 * m[3][l] - l13 * c13 - l23 * c23, least);
    m[0][l] = d0, m[1][l] = l1, m[2][l] = l2, m[3][l] = l3;
    m[4][l] = d1, m[5][l] = l12, m[6][l] = l13;
    m[7][l] = d2, m[8][l] = l23, m[9][l] = d3;
  }
}

/// One round of inverse iteration towards the smallest eigenvectors, which are scaled to unit
/// length.
POSSE_SIMD_CLONES void iterate(const NormalMatrices& m, std::array<Lanes, 4>& v) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double y0 = v[0][l];
    const double y1 = v[1][l] - m[1][l] * y0;
    const double y2 = v[2][l] - m[2][l] * y0 - m[5][l] * y1;
    const double y3 = v[3][l] - m[3][l] * y0 - m[6][l] * y1 - m[8][l] * y2;
    const double x3 = y3 * m[9][l];
    const double x2 = y2 * m[7][l] - m[8][l] * x3;
    const double x1 = y1 * m[4][l] - m[5][l] * x2 - m[6][l] * x3;
    const double x0 = y0 * m[0][l] - m[1][l] * x1 - m[2][l] * x2 - m[3][l] * x3;
    const double inverse = 1 / std::sqrt(x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3);
    v[0][l] = x0 * inverse, v[1][l] = x1 * inverse, v[2][l] = x2 * inverse, v[3][l] = x3 * inverse;
  }
}

/// Points of kBlock systems; NaN with fewer than two views.
std::array<Lanes, 3> solve(NormalMatrices& normal, const Lanes& num_views) {
  // each round shrinks the error by (smallest / next singular value)^2, rarely above 0.1
  constexpr int kRounds = 10;
  factorise(normal);
  std::array<Lanes, 4> v;
  for (size_t axis = 0; axis < 4; ++axis) v[axis].fill(axis == 3 ? 1.0 : 0.0);
  for (int round = 0; round < kRounds; ++round) iterate(normal, v);
  std::array<Lanes, 3> points;
  for (size_t axis = 0; axis < 3; ++axis) {
    for (size_t l = 0; l < kBlock; ++l)
      points[axis][l] = num_views[l] < 2 ? kNan : v[axis][l] / v[3][l];
  }
  return points;
}

/// Undistorted views of one model for a block of frames, [cameras].
struct BlockViews {
  std::vector<Lanes> x;
  std::vector<Lanes> y;
};

BlockViews views_of_block(std::span<const CameraModel> cameras,
                          std::span<const std::span<const Poses>> members, size_t model,
                          size_t keypoint, size_t begin, size_t end, double min_likelihood) {
  BlockViews views{.x = std::vector<Lanes>(cameras.size()),
                   .y = std::vector<Lanes>(cameras.size())};
  for (size_t c = 0; c < cameras.size(); ++c) {
    views.x[c].fill(kNan);
    views.y[c].fill(kNan);
    for (size_t t = begin; t < end; ++t) {
      const Keypoint& point = members[c][model].at(t, keypoint);
      if (min_likelihood > 0 && !(point.likelihood >= min_likelihood)) continue;
      views.x[c][t - begin] = point.x;
      views.y[c][t - begin] = point.y;
    }
    cameras[c].undistort(views.x[c].data(), views.y[c].data(), kBlock);
  }
  return views;
}

NormalMatrices no_equations() {
  NormalMatrices normal;
  for (Lanes& lane : normal) lane.fill(0.0);
  return normal;
}

std::array<Lanes, 3> joint_points(std::span<const Projection> projections,
                                  const BlockViews& views) {
  NormalMatrices normal = no_equations();
  Lanes num_views{};
  for (size_t c = 0; c < projections.size(); ++c)
    add_view(projections[c], views.x[c], views.y[c], normal, num_views);
  return solve(normal, num_views);
}

/// Median of the finite ones among `values`, NaN if there is none. Reorders them.
double median_of_finite(std::span<double> values) {
  const auto end =
      std::partition(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  const auto count = end - values.begin();
  if (count == 0) return kNan;
  std::sort(values.begin(), end);
  return (values[static_cast<size_t>((count - 1) / 2)] + values[static_cast<size_t>(count / 2)]) /
         2;
}

std::array<Lanes, 3> median_points(std::span<const Projection> projections,
                                   const BlockViews& views) {
  std::vector<std::array<Lanes, 3>> pairs;
  for (size_t a = 0; a < projections.size(); ++a) {
    for (size_t b = a + 1; b < projections.size(); ++b) {
      NormalMatrices normal = no_equations();
      Lanes num_views{};
      add_view(projections[a], views.x[a], views.y[a], normal, num_views);
      add_view(projections[b], views.x[b], views.y[b], normal, num_views);
      pairs.push_back(solve(normal, num_views));
    }
  }
  if (pairs.size() == 1) return pairs.front();
  std::array<Lanes, 3> points;
  std::vector<double> column(pairs.size());
  for (size_t axis = 0; axis < 3; ++axis) {
    for (size_t l = 0; l < kBlock; ++l) {
      for (size_t p = 0; p < pairs.size(); ++p) column[p] = pairs[p][axis][l];
      points[axis][l] = median_of_finite(column);
    }
  }
  return points;
}

}  // namespace

FrameArray triangulate(std::span<const CameraModel> cameras,
                       std::span<const std::span<const Poses>> members, size_t keypoint,
                       Triangulation method, double min_likelihood) {
  POSSE_ASSERT(cameras.size() >= 2 && members.size() == cameras.size());
  std::vector<Projection> projections;
  for (const CameraModel& camera : cameras) projections.push_back(projection_of(camera));
  const size_t num_models = members.front().size();
  const size_t num_frames = members.front().front().num_frames();
  FrameArray points(num_frames, 3);
  for (size_t begin = 0; begin < num_frames; begin += kBlock) {
    const size_t end = std::min(num_frames, begin + kBlock);
    std::array<Lanes, 3> sum{};
    std::array<Lanes, 3> count{};
    for (size_t m = 0; m < num_models; ++m) {
      const BlockViews views =
          views_of_block(cameras, members, m, keypoint, begin, end, min_likelihood);
      const auto of_model = method == Triangulation::joint ? joint_points(projections, views)
                                                           : median_points(projections, views);
      for (size_t axis = 0; axis < 3; ++axis) {
        for (size_t l = 0; l < kBlock; ++l) {
          const bool found = std::isfinite(of_model[axis][l]);
          sum[axis][l] += found ? of_model[axis][l] : 0.0;
          count[axis][l] += found ? 1.0 : 0.0;
        }
      }
    }
    for (size_t t = begin; t < end; ++t) {
      for (size_t axis = 0; axis < 3; ++axis)
        points.at(t, axis) = sum[axis][t - begin] / count[axis][t - begin];
    }
  }
  return points;
}

}  // namespace posse
