#include "cameras/triangulation.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "cameras/symmetric_eigen.h"
#include "simd/simd_clones.h"

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
  Lanes step;        // how far the last step moved the point, squared
  Lanes extent;      // squared: the point's distance from the origin and the cameras', summed
};

/// Factors of the matrices' upper left 3 x 3 parts: unit L in [1], [2], [4], 1 / D in [0], [3],
/// [5]; in [6] about the squared distance of the cameras from the origin.
using PointFactors = std::array<Lanes, 7>;

POSSE_SIMD_CLONES void factorise_points(const NormalMatrices& m, PointFactors& f) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double trace = m[0][l] + m[4][l] + m[7][l];
    const double least = 1e-15 * trace;
    const double d0 = 1 / std::max(m[0][l], least);
    const double l1 = m[1][l] * d0, l2 = m[2][l] * d0;
    const double d1 = 1 / std::max(m[4][l] - l1 * m[1][l], least);
    const double c12 = m[5][l] - l1 * m[2][l];
    const double l12 = c12 * d1;
    const double d2 = 1 / std::max(m[7][l] - l2 * m[2][l] - l12 * c12, least);
    f[0][l] = d0, f[1][l] = l1, f[2][l] = l2, f[3][l] = d1, f[4][l] = l12, f[5][l] = d2;
    f[6][l] = m[9][l] / trace;
  }
}

/// One step B p <- w p - c, with the parts B, c, d of the normal matrix and the eigenvalue w so
/// far; then w becomes the Rayleigh quotient of the new p.
POSSE_SIMD_CLONES void step_points(const NormalMatrices& __restrict m,
                                   const PointFactors& __restrict f, FixedPoint& __restrict at) {
  for (size_t l = 0; l < kBlock; ++l) {
    const double p0 = at.point[0][l], p1 = at.point[1][l], p2 = at.point[2][l];
    const double w = at.eigenvalue[l];
    const double y0 = w * p0 - m[3][l];
    const double y1 = w * p1 - m[6][l] - f[1][l] * y0;
    const double y2 = w * p2 - m[8][l] - f[2][l] * y0 - f[4][l] * y1;
    const double q2 = y2 * f[5][l];
    const double q1 = y1 * f[3][l] - f[4][l] * q2;
    const double q0 = y0 * f[0][l] - f[1][l] * q1 - f[2][l] * q2;
    const double square = q0 * q0 + q1 * q1 + q2 * q2;
    const double residual = m[3][l] * q0 + m[6][l] * q1 + m[8][l] * q2 + m[9][l];
    const double d0 = q0 - p0, d1 = q1 - p1, d2 = q2 - p2;
    at.eigenvalue[l] = (w * (q0 * p0 + q1 * p1 + q2 * p2) + residual) / (1 + square);
    at.step[l] = d0 * d0 + d1 * d1 + d2 * d2;
    at.extent[l] = square + f[6][l];
    at.point[0][l] = q0, at.point[1][l] = q1, at.point[2][l] = q2;
  }
}

using Flags = std::array<int64_t, kBlock>;

/// 1 where a lane with two views would move by more than rounding, should its squared steps go on
/// shrinking as they did.
POSSE_SIMD_CLONES void find_moving(const Lanes& before, const FixedPoint& at,
                                   const Lanes& num_views, Flags& moving) {
  constexpr double kRounding = 1e-26;  // squared
  for (size_t l = 0; l < kBlock; ++l) {
    const double step = at.step[l];
    const double small = kRounding * at.extent[l];
    const int64_t now_far = step <= small ? 0 : 1;
    const int64_t next_far = step * step <= small * before[l] ? 0 : 1;
    moving[l] = num_views[l] >= 2 ? now_far & next_far : 0;
  }
}

bool any_of(const Flags& flags) {
  int64_t any = 0;
  for (const int64_t flag : flags) any |= flag;
  return any != 0;
}

/// The point of lane l from all eigenvectors of its matrix.
Eigen::Vector3d point_by_eigenvectors(const NormalMatrices& m, size_t l) {
  const Eigen::Matrix4d lower{{m[0][l], 0, 0, 0},
                              {m[1][l], m[4][l], 0, 0},
                              {m[2][l], m[5][l], m[7][l], 0},
                              {m[3][l], m[6][l], m[8][l], m[9][l]}};
  const Eigen::Vector4d smallest = eigen_of_symmetric(lower).vectors.col(0);
  return smallest.head<3>() / smallest(3);
}

/// The smallest eigenvectors as points (p, 1). If views cross at an angle, a fixed-point step
/// shrinks the error by about the ratio of the two smallest eigenvalues, some 1e-4; where the steps
/// do not soon come to rest the views are nearly parallel, and all eigenvectors are computed.
Points solve(const ViewEquations& views) {
  constexpr int kMostSteps = 16;
  const NormalMatrices& normal = views.normal;
  PointFactors factors;
  factorise_points(normal, factors);
  FixedPoint at;
  at.eigenvalue.fill(0);
  for (Lanes& lanes : at.point) lanes.fill(0);
  step_points(normal, factors, at);
  Flags moving;
  moving.fill(1);
  for (int step = 0; step < kMostSteps && any_of(moving); ++step) {
    const Lanes before = at.step;
    step_points(normal, factors, at);
    find_moving(before, at, views.num_views, moving);
  }
  for (size_t l = 0; l < kBlock; ++l) {
    const bool found = views.num_views[l] >= 2;
    if (moving[l] != 0) {
      const Eigen::Vector3d point = point_by_eigenvectors(normal, l);
      for (size_t axis = 0; axis < 3; ++axis)
        at.point[axis][l] = point(static_cast<Eigen::Index>(axis));
    }
    for (Lanes& lanes : at.point) lanes[l] = found ? lanes[l] : kNan;
  }
  return at.point;
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
  for (std::vector<Lanes>& column : columns) column.reserve(views.size() * (views.size() - 1) / 2);
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
