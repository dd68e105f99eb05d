#include "cameras/camera_model.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "simd/pack_vector.h"

namespace posse {
namespace {

/// Distorted coordinates and their derivative by the undistorted ones.
struct Distorted {
  double x, y;
  double xx, xy, yx, yy;  ///< xy: of x by the undistorted y
};

/// Inlined, so that loops over it become vector instructions.
POSSE_ALWAYS_INLINE Distorted distort_pinhole(const Distortion& d, double x, double y) {
  const double r2 = x * x + y * y;
  const double above = 1 + r2 * (d.k1 + r2 * (d.k2 + r2 * d.k3));
  const double below = 1 + r2 * (d.k4 + r2 * (d.k5 + r2 * d.k6));
  const double above_slope = d.k1 + r2 * (2 * d.k2 + r2 * 3 * d.k3);
  const double below_slope = d.k4 + r2 * (2 * d.k5 + r2 * 3 * d.k6);
  const double g = above / below;
  const double slope = (above_slope - g * below_slope) / below;  // of g by r2
  const double prism_x = d.s1 + 2 * d.s2 * r2;                   // slopes of the prism terms by r2
  const double prism_y = d.s3 + 2 * d.s4 * r2;
  return {.x = x * g + 2 * d.p1 * x * y + d.p2 * (r2 + 2 * x * x) + r2 * (d.s1 + d.s2 * r2),
          .y = y * g + d.p1 * (r2 + 2 * y * y) + 2 * d.p2 * x * y + r2 * (d.s3 + d.s4 * r2),
          .xx = g + 2 * x * x * slope + 2 * d.p1 * y + 6 * d.p2 * x + 2 * x * prism_x,
          .xy = 2 * x * y * slope + 2 * d.p1 * x + 2 * d.p2 * y + 2 * y * prism_x,
          .yx = 2 * x * y * slope + 2 * d.p1 * x + 2 * d.p2 * y + 2 * x * prism_y,
          .yy = g + 2 * y * y * slope + 6 * d.p1 * y + 2 * d.p2 * x + 2 * y * prism_y};
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

/// A camera's numbers as the kernel reads them.
struct Lens {
  double fx, fy, cx, cy, skew;
  Distortion distortion;
  std::array<double, 9> rotation;  // row-major
  std::array<double, 3> translation;
};

/// CameraModel::linearise without fisheye.
POSSE_SIMD_CLONES void linearise_pinhole(const Lens& lens, const Pack* point, Pack* jacobian,
                                         Pack* offset) {
  const Lens k = lens;
  const auto& r = k.rotation;
  for (size_t l = 0; l < kPackSize; ++l) {
    const double px = point[0][l], py = point[1][l], pz = point[2][l];
    const double depth = r[6] * px + r[7] * py + r[8] * pz + k.translation[2];
    const double inverse = depth > 0 ? 1 / depth : std::numeric_limits<double>::quiet_NaN();
    const double x = (r[0] * px + r[1] * py + r[2] * pz + k.translation[0]) * inverse;
    const double y = (r[3] * px + r[4] * py + r[5] * pz + k.translation[1]) * inverse;
    const Distorted d = distort_pinhole(k.distortion, x, y);
    const double u = k.fx * d.x + k.skew * d.y + k.cx;
    const double v = k.fy * d.y + k.cy;
    // by the normalised coordinates, then through the perspective by the camera's
    const double ux = (k.fx * d.xx + k.skew * d.yx) * inverse;
    const double uy = (k.fx * d.xy + k.skew * d.yy) * inverse;
    const double uz = -(ux * x + uy * y);
    const double vx = k.fy * d.yx * inverse;
    const double vy = k.fy * d.yy * inverse;
    const double vz = -(vx * x + vy * y);
    const double u0 = ux * r[0] + uy * r[3] + uz * r[6], v0 = vx * r[0] + vy * r[3] + vz * r[6];
    const double u1 = ux * r[1] + uy * r[4] + uz * r[7], v1 = vx * r[1] + vy * r[4] + vz * r[7];
    const double u2 = ux * r[2] + uy * r[5] + uz * r[8], v2 = vx * r[2] + vy * r[5] + vz * r[8];
    jacobian[0][l] = u0, jacobian[1][l] = u1, jacobian[2][l] = u2;
    jacobian[3][l] = v0, jacobian[4][l] = v1, jacobian[5][l] = v2;
    offset[0][l] = u - (u0 * px + u1 * py + u2 * pz);
    offset[1][l] = v - (v0 * px + v1 * py + v2 * pz);
  }
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
    linearise_pinhole(lens, point, jacobian, offset);
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
