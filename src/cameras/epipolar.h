/// The epipolar geometry of two views: the line of one view on which a point of the other must lie.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/point.h"

namespace posse {

/// Nine numbers row by row.
using Matrix3 = std::array<double, 9>;

/// Two views of one scene. A point p of view a and a point q of view b can be one point in space if
/// (q, 1)' F (p, 1) = 0: q lies on the line F (p, 1), and p on F' (q, 1).
/// Source: R. Hartley, A. Zisserman, Multiple View Geometry, 2004, sections 9.2 and 11.4.3.
struct EpipolarGeometry {
  /// From a pixel of the video to that of a camera without distortion; nothing: as it is.
  using Straighten = std::function<Point(const Point&)>;
  Matrix3 fundamental{};
  Straighten straighten_a, straighten_b;

  /// How far the two are from agreeing, px: |q' F p| over the root mean square length of the two
  /// lines' normals, which is the root of 2 times Sampson's distance. Of views that share an axis
  /// it is the difference along it. NaN if a coordinate is, or at an epipole.
  /// @param a, b  straight, see straight_a, straight_b.
  double difference(const Point& a, const Point& b) const;
  Point straight_a(const Point& pixel) const { return straighten_a ? straighten_a(pixel) : pixel; }
  Point straight_b(const Point& pixel) const { return straighten_b ? straighten_b(pixel) : pixel; }
  /// The same with a and b exchanged.
  EpipolarGeometry exchanged() const;
};

/// a x + b y + c x' + d y' + e = 0 for (x, y) in view a and (x', y') in view b: views from far
/// away, or mirrors. Parallel lines, also where the views share an axis.
EpipolarGeometry affine_epipolar(const std::array<double, 5>& equation);
EpipolarGeometry same_x_geometry();
EpipolarGeometry same_y_geometry();

struct CameraModel;

/// The geometry of two cameras whose pictures lie in one video, their top left pixels at the
/// offsets. Lenses are straightened as by CameraModel::undistort; skew is ignored.
/// @throws Error(invalid_value) for cameras at one place.
EpipolarGeometry epipolar_geometry(const CameraModel& a, const Point& offset_a,
                                   const CameraModel& b, const Point& offset_b);

/// True if the matrix is finite and of rank 2 but for the rounding of printed numbers.
bool is_fundamental(const Matrix3& matrix);

/// Views of one picture whose geometry is known.
struct ViewCalibration {
  size_t num_views = 0;
  /// [views] of the cameras; empty for matrices.
  std::vector<std::string> names;
  /// [views, views] from the row's view to the column's; nothing where it is not known.
  std::vector<std::optional<EpipolarGeometry>> pairs;

  const std::optional<EpipolarGeometry>& between(size_t a, size_t b) const {
    return pairs[a * num_views + b];
  }
};

/// Reads either cameras as in an Anipose calibration (parse_calibration), views being cameras in
/// the order of their tables' names, or fundamental matrices: tables with `fundamental` (3 x 3,
/// F of EpipolarGeometry in pixels of the video) and `views` (two numbers from 1, [1, 2] if not
/// given: a, then b).
///
/// A camera's table may hold `offset_in_video`, the pixel of the video at which the top left of
/// its picture lies; [0, 0] if not given.
/// @param source  the file's name, for messages.
/// @throws Error(bad_file) as parse_calibration, for fewer than two views, two cameras at one
/// place, and a matrix that is not of rank 2.
ViewCalibration parse_view_calibration(const std::string& text, const std::string& source);

}  // namespace posse
