/// Projects points in space to pixels of a calibrated camera, and undistorts pixels.
#pragma once

#include <Eigen/Core>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cameras/distortion.h"
#include "simd/pack.h"

namespace posse {

/// A pinhole camera with rational, tangential and thin-prism distortion, or a fisheye camera.
///
/// Camera coordinates are Xc = rotation * X + translation, normalised ones (x, y) = (Xc/Zc, Yc/Zc),
/// pixels u = fx x_d + skew y_d + cx, v = fy y_d + cy. With r2 = x^2 + y^2
///   pinhole  g = (1 + k1 r2 + k2 r2^2 + k3 r2^3) / (1 + k4 r2 + k5 r2^2 + k6 r2^3),
///            x_d = x g + 2 p1 x y + p2 (r2 + 2 x^2) + s1 r2 + s2 r2^2, y_d likewise with p1, p2
///            exchanged and s3, s4;
///   fisheye  (x_d, y_d) = theta_d / r (x, y), theta = atan r, theta_d = theta (1 + k1 th^2 + k2
///   th^4 + k3 th^6 + k4 th^8).
/// Source: camera models of the OpenCV documentation (modules calib3d and fisheye).
struct CameraModel {
  std::string name;
  std::array<int, 2> size{};  ///< width, height, px
  double fx = 1, fy = 1, cx = 0, cy = 0, skew = 0;
  Distortion distortion;
  bool fisheye = false;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  /// Pixel of a point and the derivative [uv, xyz] at it; NaN for points at or behind the camera's
  /// plane.
  struct Projection {
    Eigen::Vector2d pixel;
    Eigen::Matrix<double, 2, 3> jacobian;
  };
  Projection project(const Eigen::Vector3d& point) const;

  /// The same for the points of a pack: derivatives [uv, xyz] and pixel - derivative * point [uv].
  void linearise(const Pack* point, Pack* jacobian, Pack* offset) const;

  /// Normalised coordinates of pixels, in place: u becomes x, v becomes y; skew is ignored.
  /// Pinhole: five fixed-point rounds, which serves for starting values; where the distortion
  /// cannot be undone it is left out. NaN stays NaN.
  void undistort(double* u, double* v, size_t count) const;
};

/// Rotation about the vector's direction by its length, radian (Rodrigues' formula).
Eigen::Matrix3d rotation_of(const Eigen::Vector3d& rotation_vector);

}  // namespace posse
