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

/// A camera's two equations, x P3 - P1 and y P3 - P2, of each system, or those of several cameras;
/// zero for a missing pixel.
struct ViewEquations {
  NormalMatrices normal;
  Lanes num_views;
};

POSSE_SIMD_CLONES void equations_of_view(const Projection& projection, const Lanes& x,
                                         const Lanes& y, ViewEquations& view) {
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
    view.normal[0][l] = a0 * a0 + b0 * b0;
    view.normal[1][l] = a0 * a1 + b0 * b1;
    view.normal[2][l] = a0 * a2 + b0 * b2;
    view.normal[3][l] = a0 * a3 + b0 * b3;
    view.normal[4][l] = a1 * a1 + b1 * b1;
    view.normal[5][l] = a1 * a2 + b1 * b2;
    view.normal[6][l] = a1 * a3 + b1 * b3;
    view.normal[7][l] = a2 * a2 + b2 * b2;
    view.normal[8][l] = a2 * a3 + b2 * b3;
    view.normal[9][l] = a3 * a3 + b3 * b3;
    view.num_views[l] = weight;
  }
}

/// Equations of two views, or of views so far and one more, summed.
POSSE_SIMD_CLONES void add(const ViewEquations& a, const ViewEquations& b, ViewEquations& sum) {
  for (size_t i = 0; i < a.normal.size(); ++i) {
    for (size_t l = 0; l < kBlock; ++l) sum.normal[i][l] = a.normal[i][l] + b.normal[i][l];
  }
  for (size_t l = 0; l < kBlock; ++l) sum.num_views[l] = a.num_views[l] + b.num_views[l];
}

/// Places in space that systems of equations ask for, [xyz]; NaN with fewer than two views.
using Points = std::array<Lanes, 3>;

/// Points by fixed-point steps, one system per lane.
struct FixedPoint {
  Points point;
  Lanes eigenvalue;  // the Rayleigh quotient of (point, 1)
  Lanes step;        // how far the last step moved the point, relative to its size; squared
};

/// Factors of the matrices' upper left 3 x 3 parts: unit L in [1], [2], [4], 1 / D in [0], [3],
/// [5].
using PointFactors = std::array<Lanes, 6>;

POSSE_SIMD_CLONES void factorise_points(const NormalMatrices& m, PointFactors& f) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double least = 1e-15 * (m[0][l] + m[4][l] + m[7][l]);
    const double d0 = 1 / std::max(m[0][l], least);
    const double l1 = m[1][l] * d0, l2 = m[2][l] * d0;
    const double d1 = 1 / std::max(m[4][l] - l1 * m[1][l], least);
    const double c12 = m[5][l] - l1 * m[2][l];
    const double l12 = c12 * d1;
    const double d2 = 1 / std::max(m[7][l] - l2 * m[2][l] - l12 * c12, least);
    f[0][l] = d0, f[1][l] = l1, f[2][l] = l2, f[3][l] = d1, f[4][l] = l12, f[5][l] = d2;
  }
}

/// One step B p <- w p - c, with the parts B, c, d of the normal matrix and the eigenvalue w so
/// far; then w becomes the Rayleigh quotient of the new p.
POSSE_SIMD_CLONES void step_points(const NormalMatrices& m, const PointFactors& f, FixedPoint& at) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double p0 = at.point[0][l], p1 = at.point[1][l], p2 = at.point[2][l];
    const double w = at.eigenvalue[l];
    const double y0 = w * p0 - m[3][l];
    const double y1 = w * p1 - m[6][l] - f[1][l] * y0;
    const double y2 = w * p2 - m[8][l] - f[2][l] * y0 - f[4][l] * y1;
    const double q2 = y2 * f[5][l];
    const double q1 = y1 * f[3][l] - f[4][l] * q2;
    const double q0 = y0 * f[0][l] - f[1][l] * q1 - f[2][l] * q2;
    const double inverse = 1 / (1 + q0 * q0 + q1 * q1 + q2 * q2);
    const double residual = m[3][l] * q0 + m[6][l] * q1 + m[8][l] * q2 + m[9][l];
    const double d0 = q0 - p0, d1 = q1 - p1, d2 = q2 - p2;
    at.eigenvalue[l] = (w * (q0 * p0 + q1 * p1 + q2 * p2) + residual) * inverse;
    at.step[l] = (d0 * d0 + d1 * d1 + d2 * d2) * inverse;
    at.point[0][l] = q0, at.point[1][l] = q1, at.point[2][l] = q2;
  }
}

/// True if a lane with two views would move by more than rounding, should its squared steps go on
/// shrinking as they did.
POSSE_SIMD_CLONES bool moves(const Lanes& before, const Lanes& now, const Lanes& num_views) {
  constexpr double kRounding = 1e-26;  // squared
  std::array<int64_t, kBlock> moving;
  for (size_t l = 0; l < kBlock; ++l) {
    const int64_t now_far = now[l] <= kRounding ? 0 : 1;
    const int64_t next_far = now[l] * now[l] <= kRounding * before[l] ? 0 : 1;
    moving[l] = num_views[l] >= 2 ? now_far & next_far : 0;
  }
  int64_t any = 0;
  for (const int64_t lane : moving) any |= lane;
  return any != 0;
}

/// The smallest eigenvectors as points (p, 1), where few steps find them: if views cross at an
/// angle, each step shrinks the error by about the ratio of the two smallest eigenvalues, some
/// 1e-4.
/// @return false if a point is not found so.
bool solve_quickly(const ViewEquations& views, FixedPoint& at) {
  constexpr int kMostSteps = 16;
  PointFactors factors;
  factorise_points(views.normal, factors);
  for (Lanes* lanes : {&at.point[0], &at.point[1], &at.point[2], &at.eigenvalue}) lanes->fill(0);
  step_points(views.normal, factors, at);
  for (int step = 0; step < kMostSteps; ++step) {
    const Lanes before = at.step;
    step_points(views.normal, factors, at);
    if (!moves(before, at.step, views.num_views)) return true;
  }
  return false;
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

using Directions = std::array<Lanes, 4>;

/// How far an iteration has come, per system.
struct Progress {
  Lanes step;    // largest change of a component
  Lanes length;  // by which two rounds stretched the direction: at most 1 / eigenvalue^2
};

/// Two rounds of inverse iteration towards the smallest eigenvectors, which are scaled to unit
/// length.
POSSE_SIMD_CLONES void iterate_twice(const NormalMatrices& m, Directions& v, Progress& progress) {
  for (size_t l = 0; l < kBlock; ++l) {
    double x0 = v[0][l], x1 = v[1][l], x2 = v[2][l], x3 = v[3][l];
    for (int round = 0; round < 2; ++round) {
      const double y0 = x0;
      const double y1 = x1 - m[1][l] * y0;
      const double y2 = x2 - m[2][l] * y0 - m[5][l] * y1;
      const double y3 = x3 - m[3][l] * y0 - m[6][l] * y1 - m[8][l] * y2;
      x3 = y3 * m[9][l];
      x2 = y2 * m[7][l] - m[8][l] * x3;
      x1 = y1 * m[4][l] - m[5][l] * x2 - m[6][l] * x3;
      x0 = y0 * m[0][l] - m[1][l] * x1 - m[2][l] * x2 - m[3][l] * x3;
    }
    const double length = std::sqrt(x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3);
    const double inverse = 1 / length;
    const double n0 = x0 * inverse, n1 = x1 * inverse, n2 = x2 * inverse, n3 = x3 * inverse;
    const double d01 = std::max(std::abs(n0 - v[0][l]), std::abs(n1 - v[1][l]));
    const double d23 = std::max(std::abs(n2 - v[2][l]), std::abs(n3 - v[3][l]));
    progress.step[l] = std::max(d01, d23);
    progress.length[l] = length;
    v[0][l] = n0, v[1][l] = n1, v[2][l] = n2, v[3][l] = n3;
  }
}

/// Takes most of the smallest eigenvalue off the diagonals, where it is known well enough for the
/// matrix to stay positive: the iteration then converges ten times faster or more.
NormalMatrices shifted(NormalMatrices normal, const Progress& progress) {
  constexpr double kSettled = 0.05;  // the eigenvalue errs by the square of the last step
  for (size_t l = 0; l < kBlock; ++l) {
    const double eigenvalue = 1 / std::sqrt(progress.length[l]);
    const double shift = progress.step[l] < kSettled ? 0.9 * eigenvalue : 0.0;
    for (const size_t diagonal : {0, 4, 7, 9}) normal[diagonal][l] -= shift;
  }
  return normal;
}

/// True where another two rounds would still move a direction by more than rounding, if the steps
/// go on shrinking as they did.
bool unsettled(const Progress& before, const Progress& now) {
  constexpr double kRounding = 1e-13;
  for (size_t l = 0; l < kBlock; ++l) {
    if (now.step[l] > kRounding && now.step[l] * now.step[l] > kRounding * before.step[l])
      return true;
  }
  return false;
}

/// The same by inverse iteration, for views that are nearly parallel.
Points solve_patiently(const NormalMatrices& normal) {
  constexpr int kMostRounds = 40;  // for two singular values that are nearly equal
  Directions v;
  for (size_t axis = 0; axis < 4; ++axis) v[axis].fill(axis == 3 ? 1.0 : 0.0);
  NormalMatrices factors = normal;
  factorise(factors);
  Progress before;
  iterate_twice(factors, v, before);
  factors = shifted(normal, before);
  factorise(factors);
  for (int round = 0; round < kMostRounds; ++round) {
    Progress now;
    iterate_twice(factors, v, now);
    if (!unsettled(before, now)) break;
    before = now;
  }
  Points points;
  for (size_t axis = 0; axis < 3; ++axis) {
    for (size_t l = 0; l < kBlock; ++l) points[axis][l] = v[axis][l] / v[3][l];
  }
  return points;
}

Points solve(const ViewEquations& views) {
  FixedPoint quick;
  Points points = solve_quickly(views, quick) ? quick.point : solve_patiently(views.normal);
  for (Lanes& lanes : points) {
    for (size_t l = 0; l < kBlock; ++l) lanes[l] = views.num_views[l] >= 2 ? lanes[l] : kNan;
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

Points joint_points(std::span<const ViewEquations> views) {
  ViewEquations all = views[0];
  for (const ViewEquations& view : views.subspan(1)) add(all, view, all);
  return solve(all);
}

/// Sorts each lane of `rows` as far as its middle, by exchanging whole rows of lanes.
POSSE_SIMD_CLONES void sort_lower_half(Lanes* rows, size_t count) {
  for (size_t low = 0; low <= count / 2; ++low) {
    for (size_t other = low + 1; other < count; ++other) {
      for (size_t l = 0; l < kBlock; ++l) {
        const double a = rows[low][l];
        const double b = rows[other][l];
        rows[low][l] = a < b ? a : b;
        rows[other][l] = a < b ? b : a;
      }
    }
  }
}

/// Median of the finite ones in each lane, NaN without any.
Lanes medians(std::vector<Lanes> rows) {
  std::array<size_t, kBlock> count{};
  for (Lanes& row : rows) {
    for (size_t l = 0; l < kBlock; ++l) {
      if (std::isfinite(row[l])) {
        ++count[l];
      } else {
        row[l] = std::numeric_limits<double>::infinity();  // behind the finite ones
      }
    }
  }
  sort_lower_half(rows.data(), rows.size());
  Lanes result;
  for (size_t l = 0; l < kBlock; ++l) {
    const size_t n = count[l];
    result[l] = n == 0 ? kNan : (rows[(n - 1) / 2][l] + rows[n / 2][l]) / 2;
  }
  return result;
}

Points median_points(std::span<const ViewEquations> views) {
  std::array<std::vector<Lanes>, 3> columns;
  ViewEquations both;
  for (size_t a = 0; a < views.size(); ++a) {
    for (size_t b = a + 1; b < views.size(); ++b) {
      add(views[a], views[b], both);
      const Points pair = solve(both);
      for (size_t axis = 0; axis < 3; ++axis) columns[axis].push_back(pair[axis]);
    }
  }
  if (columns[0].size() == 1) return {columns[0][0], columns[1][0], columns[2][0]};
  return {medians(std::move(columns[0])), medians(std::move(columns[1])),
          medians(std::move(columns[2]))};
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
  std::vector<ViewEquations> views(cameras.size());
  for (size_t begin = 0; begin < num_frames; begin += kBlock) {
    const size_t end = std::min(num_frames, begin + kBlock);
    Points sum{};
    Points count{};
    for (size_t m = 0; m < num_models; ++m) {
      const BlockViews pixels =
          views_of_block(cameras, members, m, keypoint, begin, end, min_likelihood);
      for (size_t c = 0; c < cameras.size(); ++c)
        equations_of_view(projections[c], pixels.x[c], pixels.y[c], views[c]);
      const auto of_model =
          method == Triangulation::joint ? joint_points(views) : median_points(views);
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
