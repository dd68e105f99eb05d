#include "smoothing/observations/view_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "smoothing/parallel.h"

namespace posse {
namespace {

/// Frames that two cameras must share for the one to say something about the other, and that a
/// camera should have among those that make the axes.
constexpr size_t kEnoughFrames = 10;

bool seen_by(const EnsembleStatistics& camera, size_t keypoint) {
  for (size_t t = 0; t < camera.position.num_frames(); ++t) {
    const double* row = camera.position.row(t) + 2 * keypoint;
    if (std::isfinite(row[0]) && std::isfinite(row[1])) return true;
  }
  return false;
}

StackedKeypoint stack(std::span<const EnsembleStatistics> cameras, size_t keypoint) {
  StackedKeypoint stacked{.bodypart = keypoint};
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

/// Whether the i-th camera shows the keypoint in frame t.
bool shows(const StackedKeypoint& keypoint, size_t t, size_t i) {
  return std::isfinite(keypoint.position.at(t, 2 * i)) &&
         std::isfinite(keypoint.position.at(t, 2 * i + 1));
}

size_t num_views(const StackedKeypoint& keypoint, size_t t) {
  size_t count = 0;
  for (size_t i = 0; i < keypoint.cameras.size(); ++i) count += shows(keypoint, t, i) ? 1 : 0;
  return count;
}

/// Frames that cameras have in common, [cameras, cameras]; those it has, on the diagonal.
std::vector<std::vector<size_t>> shared_frames(const StackedKeypoint& keypoint) {
  const size_t num_cameras = keypoint.cameras.size();
  std::vector<std::vector<size_t>> shared(num_cameras, std::vector<size_t>(num_cameras, 0));
  for (size_t t = 0; t < keypoint.position.num_frames(); ++t) {
    for (size_t i = 0; i < num_cameras; ++i) {
      if (!shows(keypoint, t, i)) continue;
      for (size_t j = 0; j < num_cameras; ++j) shared[i][j] += shows(keypoint, t, j) ? 1 : 0;
    }
  }
  return shared;
}

/// Positions among the keypoint's cameras, in sets that hang together.
std::vector<std::vector<size_t>> sets_sharing_frames(const StackedKeypoint& keypoint) {
  const auto shared = shared_frames(keypoint);
  std::vector<std::vector<size_t>> sets;
  std::vector<bool> taken(shared.size(), false);
  for (size_t first = 0; first < shared.size(); ++first) {
    if (taken[first]) continue;
    taken[first] = true;
    std::vector<size_t> set{first};
    for (size_t at = 0; at < set.size(); ++at) {
      for (size_t other = 0; other < shared.size(); ++other) {
        const size_t i = set[at];
        const size_t enough =
            std::max<size_t>(2, std::min({kEnoughFrames, shared[i][i], shared[other][other]}));
        if (taken[other] || shared[i][other] < enough) continue;
        taken[other] = true;
        set.push_back(other);
      }
    }
    std::ranges::sort(set);
    sets.push_back(std::move(set));
  }
  const auto num_seen = [&](const std::vector<size_t>& set) {
    size_t sum = 0;
    for (const size_t i : set) sum += shared[i][i];
    return sum;
  };
  std::ranges::stable_sort(sets,
                           [&](const auto& a, const auto& b) { return num_seen(a) > num_seen(b); });
  return sets;
}

StackedKeypoint cut(const StackedKeypoint& keypoint, std::span<const size_t> set) {
  const size_t num_frames = keypoint.position.num_frames();
  StackedKeypoint part{.bodypart = keypoint.bodypart};
  part.position = FrameArray(num_frames, 2 * set.size());
  part.variance = FrameArray(num_frames, 2 * set.size());
  for (size_t i = 0; i < set.size(); ++i) {
    part.cameras.push_back(keypoint.cameras[set[i]]);
    for (size_t t = 0; t < num_frames; ++t) {
      std::copy_n(keypoint.position.row(t) + 2 * set[i], 2, part.position.row(t) + 2 * i);
      std::copy_n(keypoint.variance.row(t) + 2 * set[i], 2, part.variance.row(t) + 2 * i);
    }
  }
  return part;
}

std::vector<StackedKeypoint> split(StackedKeypoint keypoint, ViewSets how) {
  std::vector<std::vector<size_t>> sets;
  if (how == ViewSets::sharing_frames) sets = sets_sharing_frames(keypoint);
  for (size_t i = 0; how == ViewSets::single && i < keypoint.cameras.size(); ++i)
    sets.push_back({i});
  std::vector<StackedKeypoint> parts;
  if (sets.size() < 2) {
    parts.push_back(std::move(keypoint));
    return parts;
  }
  for (const std::vector<size_t>& set : sets) parts.push_back(cut(keypoint, set));
  return parts;
}

/// Largest variance of each frame that enough cameras show; NaN for the others.
std::vector<double> worst_variances(const StackedKeypoint& keypoint) {
  const size_t least = std::min<size_t>(2, keypoint.cameras.size());
  std::vector<double> worst(keypoint.position.num_frames(),
                            std::numeric_limits<double>::quiet_NaN());
  for (size_t t = 0; t < worst.size(); ++t) {
    if (least == 0 || num_views(keypoint, t) < least) continue;
    worst[t] = 0;
    for (size_t i = 0; i < keypoint.num_lanes(); ++i) {
      if (shows(keypoint, t, i / 2)) worst[t] = std::max(worst[t], keypoint.variance.at(t, i));
    }
  }
  return worst;
}

/// Whether each camera shows enough of `kept`, as far as it shows enough of all frames.
bool all_have_enough(const StackedKeypoint& keypoint, std::span<const double> worst) {
  for (size_t i = 0; i < keypoint.cameras.size(); ++i) {
    size_t there = 0;
    size_t kept = 0;
    for (size_t t = 0; t < worst.size(); ++t)
      there += !std::isnan(worst[t]) && shows(keypoint, t, i) ? 1 : 0;
    for (const size_t t : keypoint.kept) kept += shows(keypoint, t, i) ? 1 : 0;
    if (kept < std::min(there, kEnoughFrames)) return false;
  }
  return true;
}

/// Fills kept. @return true if no frame had a gap.
bool keep_reliable_frames(StackedKeypoint& keypoint, double quantile) {
  const std::vector<double> worst = worst_variances(keypoint);
  std::vector<double> shared;
  std::copy_if(worst.begin(), worst.end(), std::back_inserter(shared),
               [](double w) { return !std::isnan(w); });
  if (shared.empty()) return false;
  const double threshold = percentile(std::move(shared), quantile);
  const auto keep = [&](double most) {
    keypoint.kept.clear();
    for (size_t t = 0; t < worst.size(); ++t) {
      if (worst[t] <= most) keypoint.kept.push_back(t);
    }
  };
  keep(threshold);
  const size_t num_cameras = keypoint.cameras.size();
  const bool without_gaps = frames_with_views(keypoint, num_cameras) == worst.size();
  if (!without_gaps && !all_have_enough(keypoint, worst))
    keep(std::numeric_limits<double>::infinity());
  keypoint.kept_are_complete = std::ranges::all_of(
      keypoint.kept, [&](size_t t) { return num_views(keypoint, t) == num_cameras; });
  return without_gaps;
}

/// Mean of a lane over frames that have it; 0 without any.
double mean_of(const StackedKeypoint& keypoint, size_t lane, std::span<const size_t> frames) {
  double sum = 0;
  size_t count = 0;
  for (const size_t t : frames) {
    if (!shows(keypoint, t, lane / 2)) continue;
    sum += keypoint.position.at(t, lane);
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

void centre(StackedKeypoint& keypoint, size_t most_frames) {
  keypoint.num_for_axes = std::min(most_frames, keypoint.kept.size());
  const size_t used = keypoint.kept_are_complete ? keypoint.num_for_axes : keypoint.kept.size();
  for (size_t i = 0; i < keypoint.num_lanes(); ++i)
    keypoint.mean.push_back(mean_of(keypoint, i, std::span(keypoint.kept).first(used)));
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
                                         double quantile, ViewSets sets, int num_threads) {
  POSSE_ASSERT(!cameras.empty());
  if (!(quantile > 0 && quantile <= 100)) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("the quantile of frames to keep must lie in (0, 100], got {}", quantile));
  }
  const size_t num_bodyparts = cameras.front().likelihood.num_lanes();
  std::vector<std::vector<StackedKeypoint>> parts(num_bodyparts);
  std::vector<size_t> kept(num_bodyparts, std::numeric_limits<size_t>::max());
  for_each_piece(num_bodyparts, 1, num_threads, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      parts[k] = split(stack(cameras, k), sets);
      for (StackedKeypoint& part : parts[k]) {
        const bool without_gaps = keep_reliable_frames(part, quantile);
        if (without_gaps) kept[k] = std::min(kept[k], part.kept.size());
      }
    }
  });
  const size_t fewest = kept.empty() ? std::numeric_limits<size_t>::max() : std::ranges::min(kept);
  std::vector<StackedKeypoint> keypoints;
  for (std::vector<StackedKeypoint>& of_bodypart : parts) {
    for (StackedKeypoint& part : of_bodypart) {
      centre(part, fewest);
      keypoints.push_back(std::move(part));
    }
  }
  return keypoints;
}

size_t frames_with_views(const StackedKeypoint& keypoint, size_t least) {
  size_t count = 0;
  for (size_t t = 0; t < keypoint.position.num_frames(); ++t)
    count += num_views(keypoint, t) >= least ? 1 : 0;
  return count;
}

bool has_enough_complete_frames(const StackedKeypoint& keypoint) {
  const size_t enough = std::max(kEnoughFrames, 2 * keypoint.num_lanes());
  return frames_with_views(keypoint, keypoint.cameras.size()) >=
         std::min(enough, frames_with_views(keypoint, 1));
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
