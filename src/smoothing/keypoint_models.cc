#include "smoothing/keypoint_models.h"

#include <algorithm>
#include <utility>

namespace posse {

SmoothedCameras prepare_cameras(std::span<const CameraMembers> cameras,
                                std::vector<EnsembleStatistics> statistics) {
  SmoothedCameras result;
  for (size_t c = 0; c < cameras.size(); ++c) {
    const Poses& poses = cameras[c].members.front();
    EnsembleStatistics& of_camera = statistics[c];
    SmoothedTracks tracks;
    tracks.bodyparts = poses.bodyparts;
    tracks.frame_index = poses.frame_index;
    tracks.position = FrameArray(of_camera.position.num_frames(), of_camera.position.num_lanes());
    tracks.posterior_variance = tracks.position;
    std::ranges::fill(tracks.position.values(), std::numeric_limits<double>::quiet_NaN());
    std::ranges::fill(tracks.posterior_variance.values(), std::numeric_limits<double>::quiet_NaN());
    tracks.unobserved_bodyparts = unobserved(poses.bodyparts, of_camera.position);
    tracks.ensemble_position = std::move(of_camera.position);
    tracks.ensemble_variance = std::move(of_camera.variance);
    tracks.likelihood = std::move(of_camera.likelihood);
    tracks.calibrated = cameras[c].members.size() > 1;
    result.names.push_back(cameras[c].name);
    result.cameras.push_back(std::move(tracks));
  }
  return result;
}

void place_variances(const StackedKeypoint& stacked, const FrameArray& variances, size_t keypoint,
                     SmoothedCameras& result) {
  for (size_t i = 0; i < stacked.cameras.size(); ++i) {
    FrameArray& of_camera = result.cameras[stacked.cameras[i]].ensemble_variance;
    for (size_t t = 0; t < variances.num_frames(); ++t) {
      std::copy_n(variances.row(t) + 2 * i, 2, of_camera.row(t) + 2 * keypoint);
    }
  }
}

}  // namespace posse
