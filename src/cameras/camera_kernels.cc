#include "cameras/camera_kernels.h"

#include <limits>

namespace posse::POSSE_SIMD_NAMESPACE {
namespace {

void linearise_pinhole(const Lens& lens, const Pack* point, Pack* jacobian, Pack* offset) {
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

void undistort_round(const Distortion& distortion, size_t count, const double* __restrict x0,
                     const double* __restrict y0, double* __restrict x, double* __restrict y,
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

}  // namespace

const CameraKernels kCameraKernels = {.linearise_pinhole = linearise_pinhole,
                                      .undistort_round = undistort_round};

}  // namespace posse::POSSE_SIMD_NAMESPACE
