#include "smoothing/models/paws.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void check_recording(const PawRecording& recording, const char* side) {
  for (const Poses& member : recording.members) {
    if (member.num_frames() == recording.timestamps.size()) continue;
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} camera: {} timestamps for {} frames", side,
                            recording.timestamps.size(), member.num_frames()));
  }
  for (size_t t = 0; t < recording.timestamps.size(); ++t) {
    const double time = recording.timestamps[t];
    if (std::isfinite(time) && (t == 0 || time > recording.timestamps[t - 1])) continue;
    throw Error(ErrorKind::invalid_value,
                fmt::format("{} camera: timestamps do not increase at row {}", side, t));
  }
}

size_t column_of(const Poses& poses, const std::string& name) {
  const auto found = std::ranges::find(poses.bodyparts, name);
  if (found == poses.bodyparts.end()) {
    throw Error(ErrorKind::not_found, fmt::format("paw '{}' is not there", name),
                {.have = list_names(poses.bodyparts)});
  }
  return static_cast<size_t>(found - poses.bodyparts.begin());
}

/// Left rows whose time lies within the right recording, [begin, end).
RowRange shared_rows(const PawRecording& left, const PawRecording& right) {
  if (left.timestamps.empty() || right.timestamps.empty()) {
    throw Error(ErrorKind::invalid_value, "a camera has no timestamps");
  }
  const auto begin = std::ranges::lower_bound(left.timestamps, right.timestamps.front());
  const auto end = std::ranges::upper_bound(left.timestamps, right.timestamps.back());
  if (end - begin < 2) {
    throw Error(
        ErrorKind::invalid_value,
        fmt::format("the recordings share {} frames; times {} to {} and {} to {}",
                    std::max<std::ptrdiff_t>(0, end - begin), left.timestamps.front(),
                    left.timestamps.back(), right.timestamps.front(), right.timestamps.back()));
  }
  return {.begin = static_cast<size_t>(begin - left.timestamps.begin()),
          .end = static_cast<size_t>(end - left.timestamps.begin())};
}

Keypoint between(const Keypoint& a, const Keypoint& b, double share) {
  if (share == 0) return a;
  if (std::isnan(a.x + b.x + a.y + b.y)) return {kNan, kNan, 0};
  return {.x = a.x + share * (b.x - a.x),
          .y = a.y + share * (b.y - a.y),
          .likelihood = a.likelihood + share * (b.likelihood - a.likelihood)};
}

Poses no_rows(const PawOptions& options) {
  return {.bodyparts = {options.names.begin(), options.names.end()},
          .frame_index = {},
          .keypoints = {}};
}

/// The left rows that take part.
Poses cut_left(const Poses& member, RowRange rows, const PawOptions& options) {
  Poses cut = no_rows(options);
  const std::array<size_t, 2> columns{column_of(member, options.names[0]),
                                      column_of(member, options.names[1])};
  for (size_t t = rows.begin; t < rows.end; ++t) {
    cut.frame_index.push_back(member.frame_index[t]);
    for (const size_t column : columns) cut.keypoints.push_back(member.at(t, column));
  }
  return cut;
}

/// A right member at the left rows' times, mirrored, with names exchanged.
Poses align_right(const Poses& member, const PawRecording& left, const PawRecording& right,
                  RowRange rows, const Poses& frames, const PawOptions& options) {
  Poses aligned = no_rows(options);
  aligned.frame_index = frames.frame_index;
  const std::array<size_t, 2> columns{column_of(member, options.names[1]),
                                      column_of(member, options.names[0])};
  size_t next = 0;  // first right row after the time, or the last row
  for (size_t t = rows.begin; t < rows.end; ++t) {
    const double time = left.timestamps[t];
    while (next + 1 < right.timestamps.size() && right.timestamps[next] <= time) ++next;
    const size_t before = right.timestamps[next] <= time ? next : next - 1;
    const double length = right.timestamps[next] - right.timestamps[before];
    const double share = before == next ? 0.0 : (time - right.timestamps[before]) / length;
    const bool in_gap = share > 0 && member.frame_index[next] - member.frame_index[before] > 1;
    for (const size_t column : columns) {
      Keypoint point = in_gap ? Keypoint{kNan, kNan, 0}
                              : between(member.at(before, column), member.at(next, column), share);
      point.x = options.image_width - point.x;
      aligned.keypoints.push_back(point);
    }
  }
  return aligned;
}

/// `values` of the shared rows on all rows, bodyparts exchanged if asked; NaN elsewhere.
FrameArray on_all_rows(const FrameArray& values, RowRange rows, size_t num_frames, bool exchange) {
  FrameArray result(num_frames, values.num_lanes());
  std::ranges::fill(result.values(), kNan);
  const size_t half = values.num_lanes() / 2;
  for (size_t t = rows.begin; t < rows.end; ++t) {
    std::copy_n(values.row(t - rows.begin), values.num_lanes(), result.row(t));
    if (exchange) std::rotate(result.row(t), result.row(t) + half, result.row(t) + 2 * half);
  }
  return result;
}

void mirror(FrameArray& position, double image_width) {
  for (size_t t = 0; t < position.num_frames(); ++t) {
    for (size_t i = 0; i < position.num_lanes(); i += 2)
      position.at(t, i) = image_width - position.at(t, i);
  }
}

/// Back to the images: all left rows, and for the right camera its own names and direction.
void restore(SmoothedTracks& tracks, const Poses& frames, RowRange rows, bool is_right,
             double image_width) {
  const size_t num_frames = frames.num_frames();
  for (FrameArray* values :
       {&tracks.position, &tracks.posterior_variance, &tracks.ensemble_position,
        &tracks.ensemble_variance, &tracks.likelihood}) {
    *values = on_all_rows(*values, rows, num_frames, is_right);
  }
  tracks.frame_index = frames.frame_index;
  if (!is_right) return;
  mirror(tracks.position, image_width);
  mirror(tracks.ensemble_position, image_width);
  std::ranges::reverse(tracks.parameters);
  for (std::string& name : tracks.unobserved_bodyparts) {
    name = name == tracks.bodyparts[0] ? tracks.bodyparts[1] : tracks.bodyparts[0];
  }
}

}  // namespace

SmoothedCameras smooth_paws(const PawRecording& left, const PawRecording& right,
                            const PawOptions& options) {
  if (left.members.size() != right.members.size()) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("the left camera has {} members, the right one {}", left.members.size(),
                            right.members.size()));
  }
  check_recording(left, "left");
  check_recording(right, "right");
  const RowRange rows = shared_rows(left, right);
  std::vector<Poses> left_members;
  std::vector<Poses> right_members;
  for (size_t m = 0; m < left.members.size(); ++m) {
    left_members.push_back(cut_left(left.members[m], rows, options));
    right_members.push_back(
        align_right(right.members[m], left, right, rows, left_members.back(), options));
  }
  const std::vector<CameraMembers> cameras{{"left", left_members}, {"right", right_members}};
  SmoothedCameras result = smooth_several_cameras(cameras, options.cameras);
  if (options.keep_working_frame) return result;
  for (size_t c = 0; c < 2; ++c) {
    restore(result.cameras[c], left.members.front(), rows, c == 1, options.image_width);
  }
  return result;
}

}  // namespace posse
