#include "smoothing/observations/frame_gaps.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace posse {
namespace {

constexpr int64_t kMostPoints = int64_t{1} << 31;  // 48 GiB of keypoints

constexpr Keypoint kMissingPoint{std::numeric_limits<double>::quiet_NaN(),
                                 std::numeric_limits<double>::quiet_NaN(), 0};

Poses filled(const Poses& poses) {
  const int64_t first = poses.frame_index.front();
  const int64_t count = poses.frame_index.back() - first + 1;
  const auto width = static_cast<int64_t>(poses.num_bodyparts());
  if (count > kMostPoints / std::max<int64_t>(1, width)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} rows lie {} frames apart, too far to fill in between",
                            poses.num_frames(), count),
                {.hint = "smooth the recordings one by one"});
  }
  Poses result{.bodyparts = poses.bodyparts, .frame_index = {}, .keypoints = {}};
  for (int64_t frame = first; frame < first + count; ++frame) result.frame_index.push_back(frame);
  result.keypoints.assign(static_cast<size_t>(count * width), kMissingPoint);
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    std::ranges::copy(poses.row(row),
                      result.keypoints.begin() + (poses.frame_index[row] - first) * width);
  }
  return result;
}

}  // namespace

bool has_gaps(std::span<const int64_t> frame_index) {
  return !frame_index.empty() &&
         frame_index.back() - frame_index.front() + 1 != static_cast<int64_t>(frame_index.size());
}

std::vector<Poses> fill_gaps(std::span<const Poses> members) {
  std::vector<Poses> result;
  for (const Poses& member : members)
    result.push_back(has_gaps(member.frame_index) ? filled(member) : member);
  return result;
}

FrameArray rows_of_frames(const FrameArray& all, std::span<const int64_t> frames) {
  FrameArray kept(frames.size(), all.num_lanes());
  for (size_t row = 0; row < frames.size(); ++row)
    std::copy_n(all.row(static_cast<size_t>(frames[row] - frames[0])), all.num_lanes(),
                kept.row(row));
  return kept;
}

void keep_frames(SmoothedTracks& tracks, const std::vector<int64_t>& frames) {
  for (FrameArray* values :
       {&tracks.position, &tracks.posterior_variance, &tracks.ensemble_position,
        &tracks.ensemble_variance, &tracks.likelihood}) {
    *values = rows_of_frames(*values, frames);
  }
  tracks.frame_index = frames;
}

}  // namespace posse
