#include "consensus/track/smoothed_track.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include "smoothing/models/single_camera.h"

namespace posse {
namespace {

/// A bodypart that the track does not see stays at its likeliest place, instead of on the line
/// between before and after, if the members' mean probability there is at least this.
constexpr double kStillLikely = 0.5;

/// Each member's votes as a table; the frames are numbered from 0.
std::vector<Poses> vote_tables(std::span<const TrackedFrame> frames,
                               const std::vector<std::string>& bodyparts) {
  const size_t parts = bodyparts.size();
  Poses empty{.bodyparts = bodyparts};
  for (size_t t = 0; t < frames.size(); ++t) empty.frame_index.push_back(static_cast<int64_t>(t));
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

/// Smooths with the given s of each bodypart, or tunes it; returns the s used.
std::vector<double> smooth_with(std::span<TrackedFrame> frames,
                                const std::vector<std::string>& bodyparts, std::vector<double> s,
                                int num_threads) {
  constexpr double kNoObservation = 1;  // any: there is nothing to smooth
  if (frames.size() < 2 || bodyparts.empty()) return s;
  const SmoothedTracks smoothed =
      smooth_single_camera(vote_tables(frames, bodyparts), {.ensemble = {.allow_one_member = true},
                                                            .tuning = {.s = std::move(s)},
                                                            .num_threads = num_threads});
  for (size_t t = 0; t < frames.size(); ++t) {
    for (size_t p = 0; p < bodyparts.size(); ++p) {
      TrackedKeypoint& tracked = frames[t].keypoints[p];
      const double x = smoothed.position.at(t, 2 * p);
      const double y = smoothed.position.at(t, 2 * p + 1);
      if (!std::isfinite(x) || !std::isfinite(y) || std::isnan(tracked.keypoint.x)) continue;
      if (!tracked.seen && tracked.keypoint.likelihood >= kStillLikely) continue;
      tracked.keypoint.x = x;
      tracked.keypoint.y = y;
      if (tracked.seen) continue;
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
