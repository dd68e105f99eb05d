#include "smoothing/observations/view_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/parallel.h"

namespace posse {
namespace {

bool seen_by(const EnsembleStatistics& camera, size_t keypoint) {
  for (size_t t = 0; t < camera.position.num_frames(); ++t) {
    const double* row = camera.position.row(t) + 2 * keypoint;
    if (std::isfinite(row[0]) && std::isfinite(row[1])) return true;
  }
  return false;
}

StackedKeypoint stack(std::span<const EnsembleStatistics> cameras, size_t keypoint) {
  StackedKeypoint stacked;
  for (size_t c = 0; c < cameras.size(); ++c) {
    if (seen_by(cameras[c], keypoint)) stacked.cameras.push_back(c);
  }
  const size_t num_frames = cameras.front().position.num_frames();
  stacked.position = FrameArray(num_frames, 2 * stacked.cameras.size());
  stacked.variance = FrameArray(num_frames, 2 * stacked.cameras.size());
  for (size_t i = 0; i < stacked.cameras.size(); ++i) {
    const EnsembleStatistics& camera = cameras[stacked.cameras[i]];
    for (size_t t = 0; t < num_frames; ++t) {
      std::copy_n(camera.position.row(t) + 2 * keypoint, 2, stacked.position.row(t) + 2 * i);
      std::copy_n(camera.variance.row(t) + 2 * keypoint, 2, stacked.variance.row(t) + 2 * i);
    }
  }
  return stacked;
}

/// Largest variance of each frame; NaN where a coordinate is missing.
std::vector<double> worst_variances(const StackedKeypoint& keypoint) {
  std::vector<double> worst(keypoint.position.num_frames());
  for (size_t t = 0; t < worst.size(); ++t) {
    const double* position = keypoint.position.row(t);
    const double* variance = keypoint.variance.row(t);
    double largest = keypoint.num_lanes() == 0 ? std::numeric_limits<double>::quiet_NaN() : 0;
    for (size_t i = 0; i < keypoint.num_lanes(); ++i) {
      if (std::isnan(position[i])) largest = std::numeric_limits<double>::quiet_NaN();
      if (!std::isnan(largest)) largest = std::max(largest, variance[i]);
    }
    worst[t] = largest;
  }
  return worst;
}

/// Fills kept. @return true if no frame had a gap.
bool keep_reliable_frames(StackedKeypoint& keypoint, double quantile) {
  const std::vector<double> worst = worst_variances(keypoint);
  std::vector<double> complete;
  std::copy_if(worst.begin(), worst.end(), std::back_inserter(complete),
               [](double w) { return !std::isnan(w); });
  if (complete.empty()) return false;
  const bool without_gaps = complete.size() == worst.size();
  const double threshold = percentile(std::move(complete), quantile);
  for (size_t t = 0; t < worst.size(); ++t) {
    if (worst[t] <= threshold) keypoint.kept.push_back(t);
  }
  return without_gaps;
}

void centre(StackedKeypoint& keypoint, size_t most_frames) {
  keypoint.num_for_axes = std::min(most_frames, keypoint.kept.size());
  keypoint.mean.assign(keypoint.num_lanes(), 0.0);
  for (size_t i = 0; i < keypoint.num_lanes(); ++i) {
    for (size_t row = 0; row < keypoint.num_for_axes; ++row) {
      keypoint.mean[i] += keypoint.position.at(keypoint.kept[row], i);
    }
    keypoint.mean[i] /= static_cast<double>(keypoint.num_for_axes);
  }
}

void check_cameras(std::span<const CameraMembers> cameras) {
  if (cameras.empty())
    throw Error(ErrorKind::invalid_value, "smoothing several cameras: no camera given");
  const CameraMembers& first = cameras.front();
  for (size_t c = 0; c < cameras.size(); ++c) {
    const CameraMembers& camera = cameras[c];
    for (size_t other = 0; other < c; ++other) {
      if (cameras[other].name != camera.name) continue;
      throw Error(ErrorKind::invalid_value, fmt::format("camera '{}' is given twice", camera.name));
    }
    if (camera.members.size() != first.members.size()) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("camera '{}' has {} members, camera '{}' has {}; each model must have seen "
                      "every camera",
                      camera.name, camera.members.size(), first.name, first.members.size()));
    }
    if (camera.members.empty() || first.members.empty()) continue;  // summarise_ensemble complains
    if (camera.members[0].bodyparts != first.members[0].bodyparts) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("cameras '{}' and '{}' have different bodyparts", camera.name, first.name),
          {.have = list_names(camera.members[0].bodyparts),
           .hint = list_names(first.members[0].bodyparts)});
    }
    if (camera.members[0].frame_index != first.members[0].frame_index) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("cameras '{}' and '{}' cover different frames ({} and {} rows)", camera.name,
                      first.name, camera.members[0].num_frames(), first.members[0].num_frames()));
    }
  }
}

}  // namespace

std::vector<EnsembleStatistics> summarise_cameras(std::span<const CameraMembers> cameras,
                                                  const StatisticsOptions& options,
                                                  int num_threads) {
  check_cameras(cameras);
  std::vector<EnsembleStatistics> statistics;
  for (const CameraMembers& camera : cameras) {
    try {
      statistics.push_back(summarise_ensemble(camera.members, options, num_threads));
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("camera '{}': {}", camera.name, error.message()),
                  error.notes());
    }
  }
  return statistics;
}

std::vector<StackedKeypoint> stack_views(std::span<const EnsembleStatistics> cameras,
                                         double quantile, int num_threads) {
  POSSE_ASSERT(!cameras.empty());
  if (!(quantile > 0 && quantile <= 100)) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("the quantile of frames to keep must lie in (0, 100], got {}", quantile));
  }
  std::vector<StackedKeypoint> keypoints(cameras.front().likelihood.num_lanes());
  std::vector<size_t> kept(keypoints.size(), std::numeric_limits<size_t>::max());
  for_each_piece(keypoints.size(), 1, num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      keypoints[k] = stack(cameras, k);
      const bool without_gaps = keep_reliable_frames(keypoints[k], quantile);
      if (without_gaps) kept[k] = keypoints[k].kept.size();
    }
  });
  const size_t fewest = kept.empty() ? std::numeric_limits<size_t>::max() : std::ranges::min(kept);
  for_each_piece(keypoints.size(), 1, num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) centre(keypoints[k], fewest);
  });
  return keypoints;
}

FrameArray StackedKeypoint::centred() const {
  FrameArray result(position.num_frames(), position.num_lanes());
  for (size_t t = 0; t < position.num_frames(); ++t) {
    for (size_t i = 0; i < position.num_lanes(); ++i) result.at(t, i) = position.at(t, i) - mean[i];
  }
  return result;
}

double percentile(std::vector<double> values, double percent) {
  const double place = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<size_t>(below)];
  if (below + 1 == static_cast<std::ptrdiff_t>(values.size())) return low;
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (high - low) * (place - static_cast<double>(below));
}

}  // namespace posse
