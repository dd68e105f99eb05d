/// Makes calibrated cameras for tests, and what they see of a point whose path is known.
#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "base/poses.h"
#include "cameras/camera_model.h"
#include "smoothing/observations/view_stack.h"

namespace posse::testing {

/// A camera with some distortion that looks at the origin from a distance of 20, turned by `angle`
/// (radians) about the vertical axis.
CameraModel camera_looking_from(const std::string& name, double angle);

/// A point that wanders in space, seen by members with pixel errors; the same one every time.
struct Scene {
  /// Cameras half a radian apart.
  explicit Scene(size_t num_cameras, double error, size_t num_frames = 100, size_t num_members = 3);
  /// @param error  standard deviation of a member's pixels
  Scene(std::vector<CameraModel> models, double error, size_t num_frames, size_t num_members);

  std::vector<CameraMembers> members() const;
  std::vector<std::span<const Poses>> spans() const { return {views.begin(), views.end()}; }

  std::vector<CameraModel> cameras;
  std::vector<std::vector<Poses>> views;  ///< [cameras][members]
  std::vector<Eigen::Vector3d> truth;     ///< [frames]
};

}  // namespace posse::testing
