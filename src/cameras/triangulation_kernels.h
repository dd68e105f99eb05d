/// Arithmetic of triangulation.h for a block of frames side by side, per instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "simd/instruction_set.h"

namespace posse::triangulation {

inline constexpr size_t kBlock = 64;  ///< frames worked on side by side
using Lanes = std::array<double, kBlock>;

/// Upper triangles of the 4 x 4 normal matrices of kBlock linear systems.
using NormalMatrices = std::array<Lanes, 10>;

/// Rows of a camera's [R | t], the projection to normalised coordinates.
using Projection = std::array<std::array<double, 4>, 3>;

/// A camera's two equations, x P3 - P1 and y P3 - P2, of each system, or those of several cameras;
/// zero for a missing pixel.
struct ViewEquations {
  NormalMatrices normal;
  Lanes num_views;
};

/// Places in space that systems of equations ask for, [xyz]; NaN with fewer than two views.
using Points = std::array<Lanes, 3>;

/// Points by fixed-point steps, one system per lane.
struct FixedPoint {
  Points point;
  Lanes eigenvalue;  // the Rayleigh quotient of (point, 1)
  Lanes step;        // how far the last step moved the point, squared
  Lanes extent;      // squared: the point's distance from the origin and the cameras', summed
};

/// Factors of the matrices' upper left 3 x 3 parts: unit L in [1], [2], [4], 1 / D in [0], [3],
/// [5]; in [6] about the squared distance of the cameras from the origin.
using PointFactors = std::array<Lanes, 7>;

/// 0 or 1 per lane.
using Flags = std::array<int64_t, kBlock>;

struct Kernels {
  /// The equations of one view of each system, from undistorted pixels; zero where one is missing.
  void (*equations_of_view)(const Projection& projection, const Lanes& x, const Lanes& y,
                            ViewEquations& view);
  /// Equations of two views, or of views so far and one more, summed.
  void (*add)(const ViewEquations& a, const ViewEquations& b, ViewEquations& sum);
  void (*factorise_points)(const NormalMatrices& m, PointFactors& f);
  /// One step B p <- w p - c, with the parts B, c, d of the normal matrix and the eigenvalue w so
  /// far; then w becomes the Rayleigh quotient of the new p. The three do not overlap.
  void (*step_points)(const NormalMatrices& m, const PointFactors& f, FixedPoint& at);
  /// 1 where a lane with two views would move by more than rounding, should its squared steps go on
  /// shrinking as they did.
  void (*find_moving)(const Lanes& before, const FixedPoint& at, const Lanes& num_views,
                      Flags& moving);
  /// Sorts each lane of rows [count] as far as its middle, by exchanging whole rows of lanes.
  void (*sort_lower_half)(Lanes* rows, size_t count);
};

POSSE_KERNEL_TABLE(Kernels, kKernels, kernels)

}  // namespace posse::triangulation
