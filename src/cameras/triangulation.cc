#include "cameras/triangulation.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "cameras/symmetric_eigen.h"
#include "cameras/triangulation_kernels.h"

namespace posse {
namespace {

using namespace triangulation;  // NOLINT(google-build-using-namespace): kernels and their types

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
Projection projection_of(const CameraModel& camera) {
  Projection p;
  for (int row = 0; row < 3; ++row) {
    for (int col = 0; col < 3; ++col) p[row][col] = camera.rotation(row, col);
    p[row][3] = camera.translation(row);
  }
  return p;
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
  kernels().factorise_points(normal, factors);
  FixedPoint at;
  at.eigenvalue.fill(0);
  for (Lanes& lanes : at.point) lanes.fill(0);
  kernels().step_points(normal, factors, at);
  Flags moving;
  moving.fill(1);
  for (int step = 0; step < kMostSteps && any_of(moving); ++step) {
    const Lanes before = at.step;
    kernels().step_points(normal, factors, at);
    kernels().find_moving(before, at, views.num_views, moving);
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
  for (const ViewEquations& view : views.subspan(1)) kernels().add(all, view, all);
  return solve(all);
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
  kernels().sort_lower_half(rows.data(), rows.size());
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
      kernels().add(views[a], views[b], both);
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
        kernels().equations_of_view(projections[c], pixels.x[c], pixels.y[c], views[c]);
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
