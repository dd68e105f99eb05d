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

double evidence_power(double error_memory, double elapsed) {
  const double kept = std::pow(error_memory, elapsed);
  return (1 - kept) / (1 + kept);
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
  const double power = num_frames_ == 0 ? 1 : evidence_power(options_.error_memory, elapsed);
  ++num_frames_;
  std::vector<std::vector<GroupDecision>> decisions;
  for (size_t g = 0; g < groups_.size(); ++g) {
    decisions.push_back(trackers_[g].push(
        group_frame(frame, groups_[g], options_.tracker.motion.unseen_evidence, power), elapsed,
        frame.stride, frame.num_cells));
  }
  waiting_.push_back({std::move(frame), elapsed});
  return take(decisions);
}

std::vector<TrackedFrame> Tracker::finish() {
  std::vector<std::vector<GroupDecision>> decisions;
  for (GroupTracker& tracker : trackers_) decisions.push_back(tracker.finish());
  std::vector<TrackedFrame> frames = take(decisions);
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
    std::ranges::move(
        seen_.push(tracked_frame(waiting_.front().evidence, of_groups), waiting_.front().elapsed),
        std::back_inserter(frames));
    waiting_.pop_front();
  }
  return frames;
}

}  // namespace posse
