#include "consensus/track/tracker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "consensus/track/tracked_keypoint.h"

namespace posse {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The groups, sorted, and the other bodyparts each on its own.
std::vector<std::vector<int>> complete(std::vector<std::vector<int>> groups, size_t count) {
  std::vector<bool> used(count, false);
  for (std::vector<int>& group : groups) {
    if (group.empty() || group.size() > kMostGroupParts) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("a group of {} bodyparts that look alike: 1 to {} are possible",
                              group.size(), kMostGroupParts));
    }
    for (const int part : group) {
      if (part < 0 || static_cast<size_t>(part) >= count || used[static_cast<size_t>(part)]) {
        throw Error(ErrorKind::invalid_value,
                    fmt::format("bodypart {} of a group that looks alike: each of 0 to {} can be "
                                "named once",
                                part, count - 1));
      }
      used[static_cast<size_t>(part)] = true;
    }
    std::ranges::sort(group);
  }
  for (size_t part = 0; part < count; ++part) {
    if (!used[part]) groups.push_back({static_cast<int>(part)});
  }
  return groups;
}

}  // namespace

double evidence_power(double error_memory, std::optional<double> before,
                      std::optional<double> after) {
  const auto side = [error_memory](std::optional<double> elapsed) {
    return elapsed ? 1 / (1 + std::pow(error_memory, *elapsed)) : 1;
  };
  return side(before) + side(after) - 1;
}

Tracker::Tracker(size_t num_bodyparts, std::vector<std::vector<int>> groups, TrackOptions options)
    : groups_(complete(std::move(groups), num_bodyparts)),
      options_(options),
      seen_(num_bodyparts, options.seen,
            std::min(options.tracker.lag.value_or(kSeenLag), kSeenLag)) {
  for (const std::vector<int>& group : groups_)
    trackers_.emplace_back(group.size(), options.tracker);
}

double Tracker::most_pruned() const {
  double most = 0;
  for (const GroupTracker& tracker : trackers_) most = std::max(most, tracker.most_pruned());
  return most;
}

double Tracker::mean_states(size_t group) const {
  return num_frames_ == 0 ? 0
                          : static_cast<double>(trackers_[group].num_states()) /
                                static_cast<double>(num_frames_);
}

std::vector<TrackedFrame> Tracker::push(FrameEvidence frame, double elapsed) {
  std::vector<TrackedFrame> frames;
  if (num_frames_ > 0) frames = take(track_newest(elapsed));
  waiting_.push_back(
      {std::move(frame), num_frames_ == 0 ? std::nullopt : std::optional<double>(elapsed)});
  ++num_frames_;
  return frames;
}

TrackedFrame Tracker::push_causal(FrameEvidence frame, double elapsed) {
  if (options_.tracker.lag != size_t{0}) {
    throw Error(ErrorKind::invalid_value,
                "a track that does not wait looks no frame ahead: its lag must be 0");
  }
  const bool is_first = num_frames_ == 0;
  waiting_.push_back({std::move(frame), is_first ? std::nullopt : std::optional<double>(elapsed)});
  ++num_frames_;
  std::vector<TrackedFrame> decided = take(track_newest(is_first ? 1 : elapsed));
  POSSE_ASSERT(decided.size() == 1);
  return std::move(decided.front());
}

std::vector<std::vector<GroupDecision>> Tracker::track_newest(std::optional<double> after) {
  const auto& [frame, before] = waiting_.back();
  const double power = evidence_power(options_.error_memory, before, after);
  std::vector<std::vector<GroupDecision>> decisions;
  for (size_t g = 0; g < groups_.size(); ++g) {
    decisions.push_back(trackers_[g].push(
        group_frame(frame, groups_[g], options_.tracker.motion.unseen_evidence, power),
        before.value_or(0), frame.stride, frame.num_cells));
  }
  return decisions;
}

std::vector<TrackedFrame> Tracker::finish() {
  if (num_frames_ == 0) return {};
  std::vector<TrackedFrame> frames = take(track_newest(std::nullopt));
  std::vector<std::vector<GroupDecision>> decisions;
  for (GroupTracker& tracker : trackers_) decisions.push_back(tracker.finish());
  std::ranges::move(take(decisions), std::back_inserter(frames));
  std::ranges::move(seen_.finish(), std::back_inserter(frames));
  return frames;
}

TrackedFrame Tracker::tracked_frame(const FrameEvidence& evidence,
                                    std::span<const GroupDecision* const> decisions) const {
  const size_t parts = evidence.num_bodyparts();
  const auto members = static_cast<size_t>(evidence.num_members);
  TrackedFrame frame{.frame_index = evidence.frame_index,
                     .time_seconds = evidence.time_seconds,
                     .stride = evidence.stride};
  frame.keypoints.resize(parts);
  frame.votes.assign(members * parts, {kNan, kNan, 0});
  for (size_t g = 0; g < groups_.size(); ++g) {
    for (size_t i = 0; i < groups_[g].size(); ++i) {
      const auto part = static_cast<size_t>(groups_[g][i]);
      TrackedPart tracked = tracked_keypoint(evidence, *decisions[g], i, part, options_);
      frame.keypoints[part] = tracked.keypoint;
      if (!tracked.keypoint.seen) continue;
      for (size_t m = 0; m < tracked.votes.size(); ++m) {
        frame.votes[m * parts + part] = tracked.votes[m];
      }
    }
  }
  return frame;
}

std::vector<TrackedFrame> Tracker::take(const std::vector<std::vector<GroupDecision>>& decisions) {
  const size_t count = decisions.empty() ? 0 : decisions.front().size();
  std::vector<TrackedFrame> frames;
  for (size_t t = 0; t < count; ++t) {
    std::vector<const GroupDecision*> of_groups;
    for (const auto& of_group : decisions) of_groups.push_back(&of_group[t]);
    std::ranges::move(seen_.push(tracked_frame(waiting_.front().evidence, of_groups),
                                 waiting_.front().elapsed.value_or(1)),
                      std::back_inserter(frames));
    waiting_.pop_front();
  }
  return frames;
}

}  // namespace posse
