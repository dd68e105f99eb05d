#include "smoothing/models/mirrored_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

/// "nose_top" and "top" give "nose"; nothing if the name does not end in the camera's.
std::optional<std::string> keypoint_of(const std::string& bodypart, const std::string& camera) {
  const std::string suffix = "_" + camera;
  if (bodypart.size() <= suffix.size() || !bodypart.ends_with(suffix)) return std::nullopt;
  return bodypart.substr(0, bodypart.size() - suffix.size());
}

/// Column of each keypoint in one camera.
using Columns = std::map<std::string, size_t>;

std::vector<Columns> columns_of_cameras(const std::vector<std::string>& bodyparts,
                                        std::span<const std::string> cameras,
                                        std::vector<std::string>& keypoints) {
  std::vector<Columns> columns(cameras.size());
  for (size_t b = 0; b < bodyparts.size(); ++b) {
    const std::string* taken_by = nullptr;
    for (size_t c = 0; c < cameras.size(); ++c) {
      const auto keypoint = keypoint_of(bodyparts[b], cameras[c]);
      if (!keypoint) continue;
      if (taken_by != nullptr) {
        throw Error(ErrorKind::invalid_value,
                    fmt::format("bodypart '{}' fits cameras '{}' and '{}'", bodyparts[b], *taken_by,
                                cameras[c]),
                    {.hint = "rename one of the cameras so that no name ends in another"});
      }
      taken_by = &cameras[c];
      columns[c][*keypoint] = b;
      if (std::ranges::find(keypoints, *keypoint) == keypoints.end())
        keypoints.push_back(*keypoint);
    }
  }
  return columns;
}

}  // namespace

std::vector<Poses> split_mirrored(const Poses& poses, std::span<const std::string> camera_names) {
  std::vector<std::string> keypoints;
  const std::vector<Columns> columns = columns_of_cameras(poses.bodyparts, camera_names, keypoints);
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].empty()) continue;
    throw Error(ErrorKind::not_found,
                fmt::format("no bodypart is called '<keypoint>_{}'", camera_names[c]),
                {.have = list_names(poses.bodyparts)});
  }
  std::erase_if(keypoints, [&](const std::string& keypoint) {
    return !std::ranges::all_of(columns,
                                [&](const Columns& camera) { return camera.contains(keypoint); });
  });
  if (keypoints.empty()) {
    throw Error(ErrorKind::not_found, "no keypoint is there in all cameras",
                {.have = list_names(poses.bodyparts)});
  }
  std::vector<Poses> views;
  for (const Columns& camera : columns) {
    Poses view{.bodyparts = keypoints, .frame_index = poses.frame_index, .keypoints = {}};
    view.keypoints.reserve(view.num_frames() * keypoints.size());
    for (size_t t = 0; t < poses.num_frames(); ++t) {
      for (const std::string& keypoint : keypoints)
        view.keypoints.push_back(poses.at(t, camera.at(keypoint)));
    }
    views.push_back(std::move(view));
  }
  return views;
}

SmoothedTracks join_mirrored(const SmoothedCameras& smoothed) {
  POSSE_ASSERT(!smoothed.cameras.empty());
  const SmoothedTracks& first = smoothed.cameras.front();
  const size_t num_frames = first.frame_index.size();
  const size_t per_camera = first.bodyparts.size();
  const size_t num_bodyparts = per_camera * smoothed.cameras.size();
  SmoothedTracks joined;
  joined.frame_index = first.frame_index;
  joined.calibrated = first.calibrated;
  joined.position = FrameArray(num_frames, 2 * num_bodyparts);
  joined.posterior_variance = joined.ensemble_position = joined.ensemble_variance = joined.position;
  joined.likelihood = FrameArray(num_frames, num_bodyparts);
  for (size_t c = 0; c < smoothed.cameras.size(); ++c) {
    const SmoothedTracks& camera = smoothed.cameras[c];
    const std::string suffix = "_" + smoothed.names[c];
    for (const std::string& name : camera.bodyparts) joined.bodyparts.push_back(name + suffix);
    joined.warnings.insert(joined.warnings.end(), camera.warnings.begin(), camera.warnings.end());
    for (const std::string& name : camera.unobserved_bodyparts)
      joined.unobserved_bodyparts.push_back(name + suffix);
    joined.parameters.insert(joined.parameters.end(), camera.parameters.begin(),
                             camera.parameters.end());
    for (size_t t = 0; t < num_frames; ++t) {
      const auto copy = [&](const FrameArray& from, FrameArray& to, size_t lanes) {
        std::copy_n(from.row(t), lanes * per_camera, to.row(t) + c * lanes * per_camera);
      };
      copy(camera.position, joined.position, 2);
      copy(camera.posterior_variance, joined.posterior_variance, 2);
      copy(camera.ensemble_position, joined.ensemble_position, 2);
      copy(camera.ensemble_variance, joined.ensemble_variance, 2);
      copy(camera.likelihood, joined.likelihood, 1);
    }
  }
  return joined;
}

}  // namespace posse
