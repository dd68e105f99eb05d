/// Prepares keypoints in the linear subspace that their views share, and smooths them in it.
#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "smoothing/models/keypoint_models.h"
#include "smoothing/models/several_cameras.h"
#include "smoothing/observations/view_stack.h"

namespace posse {

struct LinearKeypoint {
  PreparedKeypoint keypoint;
  Eigen::MatrixXd axes;  ///< H [lanes, state]
};

/// Inflates, finds the subspace and the shape of the steps in it. Not usable with fewer than two
/// kept frames.
LinearKeypoint prepare_linear(StackedKeypoint stacked, const SeveralCamerasOptions& options);

/// Tunes and smooths parts of keypoints (see ViewSets) and puts them in their places in `result`,
/// parameters and inflated variances too. `bodyparts` are all names.
/// @param parts  by bodypart; a bodypart of which there is no part is left alone
void smooth_parts(std::vector<StackedKeypoint> parts, const std::vector<std::string>& bodyparts,
                  const SeveralCamerasOptions& options, SmoothedCameras& result);

/// Sentences about keypoints that no or few frames show to all their cameras: bodypart, cameras and
/// counts.
std::vector<std::string> warnings_about_parts(std::span<const StackedKeypoint> parts,
                                              std::span<const std::string> bodyparts,
                                              std::span<const std::string> cameras);

}  // namespace posse
