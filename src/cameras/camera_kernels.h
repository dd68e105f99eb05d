/// Arithmetic of a camera model for many points side by side, per instruction set.
#pragma once

#include <array>
#include <cstddef>

#include "cameras/distortion.h"
#include "simd/instruction_set.h"
#include "simd/pack.h"

namespace posse {

/// A camera's numbers as the kernel reads them.
struct Lens {
  double fx, fy, cx, cy, skew;
  Distortion distortion;
  std::array<double, 9> rotation;  // row-major
  std::array<double, 3> translation;
};

struct CameraKernels {
  /// CameraModel::linearise without fisheye.
  void (*linearise_pinhole)(const Lens& lens, const Pack* point, Pack* jacobian, Pack* offset);

  /// One fixed-point round of undistorting `count` points: x, y [count] from the distorted x0, y0.
  /// blocked[i] becomes 1 where the distortion cannot be undone.
  void (*undistort_round)(const Distortion& distortion, size_t count, const double* x0,
                          const double* y0, double* x, double* y, double* blocked);
};

POSSE_KERNEL_TABLE(CameraKernels, kCameraKernels, camera_kernels)

}  // namespace posse
