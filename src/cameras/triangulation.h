/// Triangulates points in space from their pixels in calibrated cameras.
#pragma once

#include <span>
#include <vector>

#include "base/frame_array.h"
#include "base/poses.h"
#include "cameras/camera_model.h"

namespace posse {

/// How the views of one model become a point.
enum class Triangulation {
  pair_median,  ///< a point from each pair of cameras, then the median of each coordinate
  joint,        ///< one linear solution from all cameras that see the keypoint
};

/// One keypoint's points [frames, xyz], averaged over the models that give one; NaN where no two
/// cameras see it.
///
/// Linear triangulation (smallest singular vector) of undistorted pixels.
/// @param cameras  at least two.
/// @param members  [cameras][models]: model m of one camera belongs to model m of the others, by
/// order.
/// @param min_likelihood  predictions below it are missing.
/// Source: R. Hartley, A. Zisserman, Multiple View Geometry, 2004, section 12.2.
FrameArray triangulate(std::span<const CameraModel> cameras,
                       std::span<const std::span<const Poses>> members, size_t keypoint,
                       Triangulation method, double min_likelihood = 0);

}  // namespace posse
