#include "cameras/triangulation_kernels.h"

#include <algorithm>

namespace posse::triangulation::POSSE_SIMD_NAMESPACE {
namespace {

void equations_of_view(const Projection& projection, const Lanes& x, const Lanes& y,
                       ViewEquations& view) {
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

void add(const ViewEquations& a, const ViewEquations& b, ViewEquations& sum) {
  for (size_t i = 0; i < a.normal.size(); ++i) {
    for (size_t l = 0; l < kBlock; ++l) sum.normal[i][l] = a.normal[i][l] + b.normal[i][l];
  }
  for (size_t l = 0; l < kBlock; ++l) sum.num_views[l] = a.num_views[l] + b.num_views[l];
}

void factorise_points(const NormalMatrices& m, PointFactors& f) {
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

void step_points(const NormalMatrices& __restrict m, const PointFactors& __restrict f,
                 FixedPoint& __restrict at) {
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

void find_moving(const Lanes& before, const FixedPoint& at, const Lanes& num_views, Flags& moving) {
  constexpr double kRounding = 1e-26;  // squared
  for (size_t l = 0; l < kBlock; ++l) {
    const double step = at.step[l];
    const double small = kRounding * at.extent[l];
    const int64_t now_far = step <= small ? 0 : 1;
    const int64_t next_far = step * step <= small * before[l] ? 0 : 1;
    moving[l] = num_views[l] >= 2 ? now_far & next_far : 0;
  }
}

void sort_lower_half(Lanes* rows, size_t count) {
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

}  // namespace

const Kernels kKernels = {.equations_of_view = equations_of_view,
                          .add = add,
                          .factorise_points = factorise_points,
                          .step_points = step_points,
                          .find_moving = find_moving,
                          .sort_lower_half = sort_lower_half};

}  // namespace posse::triangulation::POSSE_SIMD_NAMESPACE
