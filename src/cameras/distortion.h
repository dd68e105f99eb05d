/// The distortion of a pinhole camera's lens, for kernels and for single points.
#pragma once

#include "simd/always_inline.h"

namespace posse {

/// Lens distortion in OpenCV's order; unused ones are 0. The tilted-sensor terms (13th, 14th) are
/// not modelled.
struct Distortion {
  double k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0, k4 = 0, k5 = 0, k6 = 0, s1 = 0, s2 = 0, s3 = 0,
         s4 = 0;
};

/// Distorted coordinates and their derivative by the undistorted ones.
struct Distorted {
  double x, y;
  double xx, xy, yx, yy;  ///< xy: of x by the undistorted y
};

/// The pinhole formula of camera_model.h. Inlined, so that loops over it become vector
/// instructions.
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

}  // namespace posse
