#include "smoothing/camera_model.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "smoothing/simd_clones.h"

namespace posse {
namespace {

/// Distorted coordinates and their derivative by the undistorted ones.
struct Distorted {
  Eigen::Vector2d place;
  Eigen::Matrix2d derivative;
};

Distorted distort_pinhole(const Distortion& d, double x, double y) {
  const double r2 = x * x + y * y;
  const double above = 1 + r2 * (d.k1 + r2 * (d.k2 + r2 * d.k3));
  const double below = 1 + r2 * (d.k4 + r2 * (d.k5 + r2 * d.k6));
  const double above_slope = d.k1 + r2 * (2 * d.k2 + r2 * 3 * d.k3);
  const double below_slope = d.k4 + r2 * (2 * d.k5 + r2 * 3 * d.k6);
  const double g = above / below;
  const double slope = (above_slope - g * below_slope) / below;  // of g by r2
  const double prism_x = d.s1 + 2 * d.s2 * r2;                   // slopes of the prism terms by r2
  const double prism_y = d.s3 + 2 * d.s4 * r2;
  Distorted result;
  result.place << x * g + 2 * d.p1 * x * y + d.p2 * (r2 + 2 * x * x) + r2 * (d.s1 + d.s2 * r2),
      y * g + d.p1 * (r2 + 2 * y * y) + 2 * d.p2 * x * y + r2 * (d.s3 + d.s4 * r2);
  result.derivative << g + 2 * x * x * slope + 2 * d.p1 * y + 6 * d.p2 * x + 2 * x * prism_x,
      2 * x * y * slope + 2 * d.p1 * x + 2 * d.p2 * y + 2 * y * prism_x,
      2 * x * y * slope + 2 * d.p1 * x + 2 * d.p2 * y + 2 * x * prism_y,
      g + 2 * y * y * slope + 6 * d.p1 * y + 2 * d.p2 * x + 2 * y * prism_y;
  return result;
}

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
    return {.place = {x, y},
            .derivative = Eigen::Matrix2d::Identity()};  // theta_d / r = 1 + O(r^2)
  const auto [angle, angle_slope] = fisheye_angle(d, std::atan(r));
  const double scale = angle / r;
  const double slope = (angle_slope / (1 + r * r) - scale) / (r * r);  // of scale by r, over r
  Distorted result;
  result.place << scale * x, scale * y;
  result.derivative << scale + slope * x * x, slope * x * y, slope * x * y, scale + slope * y * y;
  return result;
}

/// One fixed-point round for many points. `blocked` becomes 1 where the distortion cannot be
/// undone.
POSSE_SIMD_CLONES void undistort_round(const Distortion& distortion, size_t count,
                                       const double* __restrict x0, const double* __restrict y0,
                                       double* __restrict x, double* __restrict y,
                                       double* __restrict blocked) {
  const Distortion d = distortion;
  for (size_t i = 0; i < count; ++i) {
    const double r2 = x[i] * x[i] + y[i] * y[i];
    const double inverse =
        (1 + r2 * (d.k4 + r2 * (d.k5 + r2 * d.k6))) / (1 + r2 * (d.k1 + r2 * (d.k2 + r2 * d.k3)));
    const double dx =
        2 * d.p1 * x[i] * y[i] + d.p2 * (r2 + 2 * x[i] * x[i]) + r2 * (d.s1 + d.s2 * r2);
    const double dy =
        d.p1 * (r2 + 2 * y[i] * y[i]) + 2 * d.p2 * x[i] * y[i] + r2 * (d.s3 + d.s4 * r2);
    blocked[i] = inverse < 0 ? 1.0 : blocked[i];
    x[i] = (x0[i] - dx) * inverse;
    y[i] = (y0[i] - dy) * inverse;
  }
}

void undistort_pinhole(const Distortion& distortion, size_t count, double* x, double* y) {
  constexpr int kRounds = 5;
  const std::vector<double> x0(x, x + count);
  const std::vector<double> y0(y, y + count);
  std::vector<double> blocked(count, 0.0);
  for (int round = 0; round < kRounds; ++round) {
    undistort_round(distortion, count, x0.data(), y0.data(), x, y, blocked.data());
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
  return {.pixel = sensor * distorted.place + Eigen::Vector2d(cx, cy),
          .jacobian = sensor * distorted.derivative * perspective * rotation};
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
