#include "cameras/camera_model.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "cameras/camera_kernels.h"

namespace posse {
namespace {

/// theta_d and its slope.
std::pair<double, double> fisheye_angle(const Distortion& d, double theta) {
  const double t2 =
      theta * theta;  // OpenCV stores k1, k2, k3, k4 of this model in the first four places
  const double angle = theta * (1 + t2 * (d.k1 + t2 * (d.k2 + t2 * (d.p1 + t2 * d.p2))));
  const double slope = 1 + t2 * (3 * d.k1 + t2 * (5 * d.k2 + t2 * (7 * d.p1 + t2 * 9 * d.p2)));
  return {angle, slope};
}

Distorted distort_fisheye(const Distortion& d, double x, double y) {
  const double r = std::hypot(x, y);
  if (r < 1e-8)
    return {.x = x, .y = y, .xx = 1, .xy = 0, .yx = 0, .yy = 1};  // theta_d / r = 1 + O(r^2)
  const auto [angle, angle_slope] = fisheye_angle(d, std::atan(r));
  const double scale = angle / r;
  const double slope = (angle_slope / (1 + r * r) - scale) / (r * r);  // of scale by r, over r
  return {.x = scale * x,
          .y = scale * y,
          .xx = scale + slope * x * x,
          .xy = slope * x * y,
          .yx = slope * x * y,
          .yy = scale + slope * y * y};
}

void undistort_pinhole(const Distortion& distortion, size_t count, double* x, double* y) {
  constexpr int kRounds = 5;
  const std::vector<double> x0(x, x + count);
  const std::vector<double> y0(y, y + count);
  std::vector<double> blocked(count, 0.0);
  for (int round = 0; round < kRounds; ++round) {
    camera_kernels().undistort_round(distortion, count, x0.data(), y0.data(), x, y, blocked.data());
  }
  for (size_t i = 0; i < count; ++i) {
    if (blocked[i] == 0) continue;
    x[i] = x0[i];
    y[i] = y0[i];
  }
}

void undistort_fisheye(const Distortion& distortion, double& x, double& y) {
  constexpr int kMostRounds = 20;
  const double target = std::hypot(x, y);
  if (!(target > 1e-8)) return;
  double theta = std::min(target, 1.5);
  for (int round = 0; round < kMostRounds; ++round) {  // Newton
    const auto [angle, slope] = fisheye_angle(distortion, theta);
    const double step = (angle - target) / slope;
    theta -= step;
    if (std::abs(step) < 1e-14) break;
  }
  const double scale = std::tan(theta) / target;
  x *= scale;
  y *= scale;
}

}  // namespace

CameraModel::Projection CameraModel::project(const Eigen::Vector3d& point) const {
  const Eigen::Vector3d seen = rotation * point + translation;
  if (!(seen.z() > 0)) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {.pixel = Eigen::Vector2d::Constant(nan),
            .jacobian = Eigen::Matrix<double, 2, 3>::Constant(nan)};
  }
  const double inverse = 1 / seen.z();
  const double x = seen.x() * inverse;
  const double y = seen.y() * inverse;
  const Distorted distorted =
      fisheye ? distort_fisheye(distortion, x, y) : distort_pinhole(distortion, x, y);
  Eigen::Matrix<double, 2, 3> perspective;
  perspective << inverse, 0, -x * inverse, 0, inverse, -y * inverse;
  Eigen::Matrix2d sensor;
  sensor << fx, skew, 0, fy;
  Eigen::Matrix2d derivative;
  derivative << distorted.xx, distorted.xy, distorted.yx, distorted.yy;
  return {.pixel = sensor * Eigen::Vector2d(distorted.x, distorted.y) + Eigen::Vector2d(cx, cy),
          .jacobian = sensor * derivative * perspective * rotation};
}

void CameraModel::linearise(const Pack* point, Pack* jacobian, Pack* offset) const {
  if (!fisheye) {
    Lens lens{.fx = fx, .fy = fy, .cx = cx, .cy = cy, .skew = skew, .distortion = distortion};
    for (Eigen::Index i = 0; i < 9; ++i)
      lens.rotation[static_cast<size_t>(i)] = rotation(i / 3, i % 3);
    for (Eigen::Index i = 0; i < 3; ++i) lens.translation[static_cast<size_t>(i)] = translation(i);
    camera_kernels().linearise_pinhole(lens, point, jacobian, offset);
    return;
  }
  for (size_t l = 0; l < kPackSize; ++l) {
    const Eigen::Vector3d place(point[0][l], point[1][l], point[2][l]);
    const Projection projection = project(place);
    const Eigen::Vector2d rest = projection.pixel - projection.jacobian * place;
    for (Eigen::Index i = 0; i < 2; ++i) {
      offset[i][l] = rest(i);
      for (Eigen::Index axis = 0; axis < 3; ++axis)
        jacobian[3 * i + axis][l] = projection.jacobian(i, axis);
    }
  }
}

void CameraModel::undistort(double* u, double* v, size_t count) const {
  for (size_t i = 0; i < count; ++i) {
    u[i] = (u[i] - cx) / fx;
    v[i] = (v[i] - cy) / fy;
  }
  if (!fisheye) {
    undistort_pinhole(distortion, count, u, v);
    return;
  }
  for (size_t i = 0; i < count; ++i) undistort_fisheye(distortion, u[i], v[i]);
}

Eigen::Matrix3d rotation_of(const Eigen::Vector3d& rotation_vector) {
  const double angle = rotation_vector.norm();
  if (angle < 1e-12) {
    Eigen::Matrix3d skewed;
    skewed << 0, -rotation_vector.z(), rotation_vector.y(), rotation_vector.z(), 0,
        -rotation_vector.x(), -rotation_vector.y(), rotation_vector.x(), 0;
    return Eigen::Matrix3d::Identity() + skewed;
  }
  return Eigen::AngleAxisd(angle, rotation_vector / angle).toRotationMatrix();
}

}  // namespace posse
