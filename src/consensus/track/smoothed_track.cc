#include "consensus/track/smoothed_track.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include "smoothing/models/single_camera.h"

namespace posse {
namespace {

/// A bodypart that the track does not see stays at its likeliest place, instead of on the line
/// between before and after, if the members' mean probability there is at least this.
constexpr double kStillLikely = 0.5;

/// The frames' numbers from 0 in steps of the smallest that there is between two of them, so that
/// every fourth frame of a video is a track without gaps. A longer gap than kLongestGap counts as
/// that: all is forgotten by then.
std::vector<int64_t> numbers_of(std::span<const TrackedFrame> frames) {
  constexpr int64_t kLongestGap = 1000;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (size_t t = 1; t < frames.size(); ++t)
    least = std::min(least, frames[t].frame_index - frames[t - 1].frame_index);
  least = std::max<int64_t>(least, 1);
  std::vector<int64_t> numbers(1, 0);
  for (size_t t = 1; t < frames.size(); ++t) {
    const int64_t steps = (frames[t].frame_index - frames[t - 1].frame_index + least / 2) / least;
    numbers.push_back(numbers.back() + std::clamp<int64_t>(steps, 1, kLongestGap));
  }
  return numbers;
}

/// Each member's votes as a table.
std::vector<Poses> vote_tables(std::span<const TrackedFrame> frames,
                               const std::vector<std::string>& bodyparts) {
  const size_t parts = bodyparts.size();
  Poses empty{.bodyparts = bodyparts, .frame_index = numbers_of(frames)};
  std::vector<Poses> members(frames.front().votes.size() / parts, empty);
  for (size_t m = 0; m < members.size(); ++m) {
    for (const TrackedFrame& frame : frames) {
      const auto first = frame.votes.begin() + static_cast<std::ptrdiff_t>(m * parts);
      members[m].keypoints.insert(members[m].keypoints.end(), first,
                                  first + static_cast<std::ptrdiff_t>(parts));
    }
  }
  return members;
}

/// By `most` px at most.
void move_towards(double x, double y, double most, Keypoint& keypoint) {
  const double dx = x - keypoint.x;
  const double dy = y - keypoint.y;
  const double part = std::min(1.0, most / std::max(std::hypot(dx, dy), most * 1e-9));
  keypoint.x += part * dx;
  keypoint.y += part * dy;
}

/// Smooths with the given s of each bodypart, or tunes it; returns the s used.
std::vector<double> smooth_with(std::span<TrackedFrame> frames,
                                const std::vector<std::string>& bodyparts, std::vector<double> s,
                                int num_threads) {
  constexpr double kNoObservation = 1;  // any: there is nothing to smooth
  if (frames.size() < 2 || bodyparts.empty()) return s;
  const SmoothedTracks smoothed =
      smooth_single_camera(vote_tables(frames, bodyparts), {.ensemble = {.allow_one_member = true},
                                                            .tuning = {.s = std::move(s)},
                                                            .num_threads = num_threads,
                                                            .starts_anywhere = true});
  for (size_t t = 0; t < frames.size(); ++t) {
    for (size_t p = 0; p < bodyparts.size(); ++p) {
      TrackedKeypoint& tracked = frames[t].keypoints[p];
      const double x = smoothed.position.at(t, 2 * p);
      const double y = smoothed.position.at(t, 2 * p + 1);
      if (!std::isfinite(x) || !std::isfinite(y) || std::isnan(tracked.keypoint.x)) continue;
      if (!tracked.seen && tracked.keypoint.likelihood >= kStillLikely) continue;
      if (tracked.seen) {
        move_towards(x, y, frames[t].stride, tracked.keypoint);
        continue;
      }
      tracked.keypoint.x = x;
      tracked.keypoint.y = y;
      tracked.covariance.xx += smoothed.posterior_variance.at(t, 2 * p);
      tracked.covariance.yy += smoothed.posterior_variance.at(t, 2 * p + 1);
    }
  }
  std::vector<double> used;
  for (const SmoothingParameter& parameter : smoothed.parameters)
    used.push_back(std::isfinite(parameter.s) ? parameter.s : kNoObservation);
  return used;
}

}  // namespace

void smooth_track(std::span<TrackedFrame> frames, const std::vector<std::string>& bodyparts,
                  int num_threads) {
  smooth_with(frames, bodyparts, {}, num_threads);
}

TrackSmoother::TrackSmoother(std::vector<std::string> bodyparts, size_t chunk, size_t overlap)
    : bodyparts_(std::move(bodyparts)), chunk_(chunk), overlap_(overlap) {}

std::vector<TrackedFrame> TrackSmoother::push(TrackedFrame frame) {
  frames_.push_back(std::move(frame));
  if (frames_.size() <= num_delivered_ + chunk_ + overlap_) return {};
  return smoothed(chunk_);
}

std::vector<TrackedFrame> TrackSmoother::finish() {
  return smoothed(frames_.size() - num_delivered_);
}

std::vector<TrackedFrame> TrackSmoother::smoothed(size_t count) {
  std::vector<TrackedFrame> piece = frames_;
  std::vector<double> used = smooth_with(piece, bodyparts_, s_, 1);
  if (s_.empty()) s_ = std::move(used);
  const auto first = static_cast<std::ptrdiff_t>(num_delivered_);
  std::vector<TrackedFrame> ready(
      std::make_move_iterator(piece.begin() + first),
      std::make_move_iterator(piece.begin() + first + static_cast<std::ptrdiff_t>(count)));
  num_delivered_ += count;
  if (num_delivered_ > overlap_) {
    frames_.erase(frames_.begin(),
                  frames_.begin() + static_cast<std::ptrdiff_t>(num_delivered_ - overlap_));
    num_delivered_ = overlap_;
  }
  return ready;
}

}  // namespace posse
