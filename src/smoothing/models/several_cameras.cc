#include "smoothing/models/several_cameras.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "smoothing/models/filled_cameras.h"
#include "smoothing/models/keypoint_models.h"
#include "smoothing/models/linear_views.h"

namespace posse {
void SeveralCamerasOptions::validate(size_t num_cameras) const {
  if (num_latent < 1 || static_cast<size_t>(num_latent) > 2 * num_cameras) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("the subspace of {} cameras has 1 to {} axes, got {}", num_cameras,
                            2 * num_cameras, num_latent));
  }
  ensemble.validate();
  inflation.validate();
}

SmoothedCameras smooth_several_cameras(std::span<const CameraMembers> cameras,
                                       const SeveralCamerasOptions& options) {
  options.validate(cameras.size());
  if (const FilledCameras filled(cameras); filled.had_gaps()) {
    SmoothedCameras result = smooth_several_cameras(filled.cameras(), options);
    filled.keep_frames(result);
    return result;
  }
  std::vector<EnsembleStatistics> statistics =
      summarise_cameras(cameras, options.ensemble, options.num_threads);
  const size_t num_frames = statistics.front().position.num_frames();
  if (num_frames < 2) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("smoothing needs at least 2 frames, got {}", num_frames));
  }
  std::vector<StackedKeypoint> parts = stack_views(statistics, options.quantile_to_keep,
                                                   ViewSets::sharing_frames, options.num_threads);
  SmoothedCameras result = prepare_cameras(cameras, std::move(statistics));
  const std::vector<std::string>& bodyparts = cameras.front().members.front().bodyparts;
  result.cameras.front().warnings = warnings_about_parts(parts, bodyparts, result.names);
  smooth_parts(std::move(parts), bodyparts, options, result);
  return result;
}

}  // namespace posse
