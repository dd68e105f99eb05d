#include "cameras/epipolar.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cameras/camera_model.h"

namespace posse {
namespace {

/// Inverse of the camera's matrix without skew.
Eigen::Matrix3d to_normalised(const CameraModel& camera) {
  Eigen::Matrix3d inverse = Eigen::Matrix3d::Identity();
  inverse(0, 0) = 1 / camera.fx;
  inverse(1, 1) = 1 / camera.fy;
  inverse(0, 2) = -camera.cx / camera.fx;
  inverse(1, 2) = -camera.cy / camera.fy;
  return inverse;
}

EpipolarGeometry::Straighten straighten(const CameraModel& camera, const Point& offset) {
  return [camera, offset](const Point& pixel) {
    double u = pixel.x - offset.x;
    double v = pixel.y - offset.y;
    camera.undistort(&u, &v, 1);
    return Point{camera.fx * u + camera.cx, camera.fy * v + camera.cy};
  };
}

}  // namespace

EpipolarGeometry epipolar_geometry(const CameraModel& a, const Point& offset_a,
                                   const CameraModel& b, const Point& offset_b) {
  const Eigen::Matrix3d rotation = b.rotation * a.rotation.transpose();
  const Eigen::Vector3d baseline = b.translation - rotation * a.translation;
  constexpr double kNowhere = 1e-12;
  if (!(baseline.norm() > kNowhere * (1 + a.translation.norm() + b.translation.norm()))) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("cameras '{}' and '{}' are at one place: no epipolar lines", a.name, b.name));
  }
  const Eigen::Vector3d t = baseline.normalized();
  Eigen::Matrix3d cross;
  cross << 0, -t.z(), t.y(), t.z(), 0, -t.x(), -t.y(), t.x(), 0;
  const Eigen::Matrix<double, 3, 3, Eigen::RowMajor> matrix =
      to_normalised(b).transpose() * cross * rotation * to_normalised(a);
  EpipolarGeometry geometry{.straighten_a = straighten(a, offset_a),
                            .straighten_b = straighten(b, offset_b)};
  std::copy_n(matrix.data(), 9, geometry.fundamental.begin());
  return geometry;
}

bool is_fundamental(const Matrix3& matrix) {
  constexpr double kPixels = 500;     // for what a number of each row and column is worth
  constexpr double kNothing = 1e-9;   // of a singular value against the one before
  constexpr double kRounding = 0.02;  // of a determinant against its terms, in printed matrices
  Eigen::Matrix3d scaled;
  for (int i = 0; i < 9; ++i) {
    const double row = i / 3 < 2 ? kPixels : 1;
    const double column = i % 3 < 2 ? kPixels : 1;
    scaled(i / 3, i % 3) = matrix[static_cast<size_t>(i)] * row * column;
  }
  if (!scaled.allFinite()) return false;
  const Eigen::Vector3d values = Eigen::JacobiSVD<Eigen::Matrix3d>(scaled).singularValues();
  if (!(values[1] > kNothing * values[0])) return false;
  if (values[2] <= kNothing * values[1]) return true;
  double determinant = 0;
  double terms = 0;
  for (int j = 0; j < 3; ++j) {
    const double up = scaled(0, j) * scaled(1, (j + 1) % 3) * scaled(2, (j + 2) % 3);
    const double down = scaled(0, j) * scaled(1, (j + 2) % 3) * scaled(2, (j + 1) % 3);
    determinant += up - down;
    terms += std::abs(up) + std::abs(down);
  }
  return std::abs(determinant) <= kRounding * terms;
}

double EpipolarGeometry::difference(const Point& a, const Point& b) const {
  const Matrix3& f = fundamental;
  const double line_b_x = f[0] * a.x + f[1] * a.y + f[2];
  const double line_b_y = f[3] * a.x + f[4] * a.y + f[5];
  const double line_a_x = f[0] * b.x + f[3] * b.y + f[6];
  const double line_a_y = f[1] * b.x + f[4] * b.y + f[7];
  const double error = b.x * line_b_x + b.y * line_b_y + (f[6] * a.x + f[7] * a.y + f[8]);
  const double squared =
      line_a_x * line_a_x + line_a_y * line_a_y + line_b_x * line_b_x + line_b_y * line_b_y;
  return std::abs(error) / std::sqrt(0.5 * squared);
}

EpipolarGeometry EpipolarGeometry::exchanged() const {
  const Matrix3& f = fundamental;
  return {.fundamental = {f[0], f[3], f[6], f[1], f[4], f[7], f[2], f[5], f[8]},
          .straighten_a = straighten_b,
          .straighten_b = straighten_a};
}

EpipolarGeometry affine_epipolar(const std::array<double, 5>& equation) {
  const auto& [a, b, c, d, e] = equation;
  return {.fundamental = {0, 0, c, 0, 0, d, a, b, e}, .straighten_a = {}, .straighten_b = {}};
}

EpipolarGeometry same_x_geometry() { return affine_epipolar({1, 0, -1, 0, 0}); }
EpipolarGeometry same_y_geometry() { return affine_epipolar({0, 1, 0, -1, 0}); }

}  // namespace posse
