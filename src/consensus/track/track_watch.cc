#include "consensus/track/track_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/median.h"

namespace posse {
namespace {

/// A step beyond so many standard deviations is not one of the walk: 1 in 30,000 would be.
constexpr double kJumpSigmas = 4.5;
constexpr double kFastSigmas = 3;
/// So many events within so many frames are a burst.
constexpr size_t kJumpsOfBurst = 4;
constexpr int64_t kJumpFrames = 60;
constexpr size_t kSwapsOfBurst = 2;
constexpr int64_t kSwapFrames = 30;
constexpr int64_t kLongDeparture = 30;
/// Members within so many cells of their median agree; the track this far from it is elsewhere.
constexpr double kAgreeCells = 2;
constexpr double kElsewhereCells = 4;
constexpr double kOftenFast = 0.05;
/// Of a bodypart's agreed steps: where more than this share is fast, there is no video.
constexpr double kNoVideoFast = 0.5;
/// Of all bodyparts' frames: on recordings of animals a few percent are hidden.
constexpr double kMostHidden = 0.9;
constexpr size_t kMostListed = 3;

double distance(const Keypoint& a, const Keypoint& b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Notes an event; true if it completes a burst.
bool completes_burst(std::vector<int64_t>& events, int64_t frame, size_t count, int64_t within) {
  events.push_back(frame);
  std::erase_if(events, [&](int64_t event) { return event < frame - within; });
  return events.size() >= count;
}

/// Lengthens the last stretch if it is the same bodypart's and still runs, else starts one.
void note_burst(std::vector<TrackStretch>& bursts, size_t part, const std::vector<int64_t>& events,
                int64_t within) {
  const auto last = std::find_if(bursts.rbegin(), bursts.rend(),
                                 [&](const TrackStretch& s) { return s.bodypart == part; });
  if (last != bursts.rend() && last->last_frame >= events.back() - within) {
    last->last_frame = events.back();
    ++last->count;
    return;
  }
  bursts.push_back({part, events.front(), events.back(), static_cast<int64_t>(events.size())});
}

}  // namespace

TrackWatch::TrackWatch(size_t num_bodyparts, std::vector<std::vector<int>> groups,
                       const TrackOptions& options)
    : sigma_cells_(options.tracker.motion.step_cells),
      groups_(std::move(groups)),
      parts_(num_bodyparts) {
  for (const std::vector<int>& group : groups_) {
    for (size_t i = 0; i < group.size(); ++i) {
      for (size_t j = i + 1; j < group.size(); ++j) {
        pairs_.push_back({static_cast<size_t>(group[i]), static_cast<size_t>(group[j]), {}});
      }
    }
  }
  for (auto* counts : {&report_.jumps, &report_.hidden, &report_.against_most,
                       &report_.agreed_steps, &report_.fast}) {
    counts->assign(num_bodyparts, 0);
  }
}

void TrackWatch::push(const TrackedFrame& frame, std::span<const Keypoint> members, double elapsed,
                      double stride) {
  const double sigma = sigma_cells_ * stride * std::sqrt(report_.num_frames == 0 ? 1 : elapsed);
  ++report_.num_frames;
  look_at_swaps(frame, stride);
  for (size_t p = 0; p < parts_.size(); ++p) {
    look_at_step(frame, p, kJumpSigmas * sigma);
    look_at_members(frame, members, p, kFastSigmas * sigma, stride);
    parts_[p].was_seen = frame.keypoints[p].seen;
    parts_[p].position = frame.keypoints[p].keypoint;
  }
}

void TrackWatch::look_at_step(const TrackedFrame& frame, size_t part, double reach) {
  const TrackedKeypoint& now = frame.keypoints[part];
  PartState& state = parts_[part];
  if (!now.seen) ++report_.hidden[part];
  if (!now.seen || !state.was_seen || !(distance(now.keypoint, state.position) > reach)) return;
  ++report_.jumps[part];
  if (completes_burst(state.events, frame.frame_index, kJumpsOfBurst, kJumpFrames)) {
    note_burst(report_.jump_bursts, part, state.events, kJumpFrames);
  }
}

void TrackWatch::look_at_members(const TrackedFrame& frame, std::span<const Keypoint> members,
                                 size_t part, double reach, double stride) {
  PartState& state = parts_[part];
  const size_t parts = parts_.size();
  std::vector<double> x, y;
  for (size_t i = part; i < members.size(); i += parts) {
    if (!std::isfinite(members[i].x) || !std::isfinite(members[i].y)) continue;
    x.push_back(members[i].x);
    y.push_back(members[i].y);
  }
  const bool was_agreed = std::exchange(state.was_agreed, false);
  const TrackedKeypoint& now = frame.keypoints[part];
  bool elsewhere = false;
  if (!x.empty()) {
    const Keypoint before = state.median;
    state.median = {upper_median_of(x), upper_median_of(y), 1};
    size_t near = 0;
    for (size_t i = part; i < members.size(); i += parts) {
      near += distance(members[i], state.median) < kAgreeCells * stride ? 1 : 0;
    }
    state.was_agreed = near == x.size() && near >= 2;
    if (was_agreed && state.was_agreed) {
      ++report_.agreed_steps[part];
      if (distance(before, state.median) > reach) ++report_.fast[part];
    }
    elsewhere = now.seen && 2 * near > x.size() && x.size() >= 3 &&
                distance(now.keypoint, state.median) > kElsewhereCells * stride;
  }
  if (!elsewhere) return end_departure(part);
  ++report_.against_most[part];
  if (state.departure.count == 0) state.departure = {part, frame.frame_index, 0, 0};
  state.departure.last_frame = frame.frame_index;
  ++state.departure.count;
}

void TrackWatch::end_departure(size_t part) {
  TrackStretch& departure = parts_[part].departure;
  if (departure.count >= kLongDeparture) report_.departures.push_back(departure);
  departure.count = 0;
}

void TrackWatch::look_at_swaps(const TrackedFrame& frame, double stride) {
  for (PairState& pair : pairs_) {
    const PartState& a = parts_[pair.a];
    const PartState& b = parts_[pair.b];
    const TrackedKeypoint& a_now = frame.keypoints[pair.a];
    const TrackedKeypoint& b_now = frame.keypoints[pair.b];
    if (!a.was_seen || !b.was_seen || !a_now.seen || !b_now.seen) continue;
    const double stay = distance(a.position, a_now.keypoint) + distance(b.position, b_now.keypoint);
    const double swap = distance(a.position, b_now.keypoint) + distance(b.position, a_now.keypoint);
    if (!(stay > 2 * kElsewhereCells * stride && swap < 0.5 * stay)) continue;
    ++report_.swaps;
    if (completes_burst(pair.events, frame.frame_index, kSwapsOfBurst, kSwapFrames)) {
      note_burst(report_.swap_bursts, pair.a, pair.events, kSwapFrames);
    }
  }
}

TrackReport TrackWatch::finish() {
  for (size_t p = 0; p < parts_.size(); ++p) end_departure(p);
  return std::move(report_);
}

namespace {

/// "snout in frames 3 to 40, ..., and 2 more"
std::string listed(const std::vector<TrackStretch>& stretches,
                   const std::vector<std::string>& bodyparts) {
  std::string text;
  for (size_t i = 0; i < std::min(kMostListed, stretches.size()); ++i) {
    const TrackStretch& s = stretches[i];
    text += fmt::format("{}{} in frames {} to {}", i == 0 ? "" : ", ", bodyparts[s.bodypart],
                        s.first_frame, s.last_frame);
  }
  if (stretches.size() > kMostListed)
    text += fmt::format(", and {} more", stretches.size() - kMostListed);
  return text;
}

/// Over all bodyparts and frames.
double share_hidden(const TrackReport& report) {
  int64_t hidden = 0;
  for (const int64_t count : report.hidden) hidden += count;
  const auto all =
      static_cast<double>(report.num_frames) * static_cast<double>(report.hidden.size());
  return all > 0 ? static_cast<double>(hidden) / all : 0;
}

bool steps_are_mostly_fast(const TrackReport& report, size_t part) {
  return static_cast<double>(report.fast[part]) >
         kNoVideoFast * static_cast<double>(report.agreed_steps[part]);
}

std::string no_video_warning(const TrackReport& report, const std::vector<std::string>& bodyparts,
                             const char* option) {
  std::string names;
  size_t parts = 0;
  for (size_t p = 0; p < bodyparts.size(); ++p) {
    if (!steps_are_mostly_fast(report, p) || ++parts > kMostListed) continue;
    names += fmt::format("{}{} in {} of {} steps", names.empty() ? "" : ", ", bodyparts[p],
                         report.fast[p], report.agreed_steps[p]);
  }
  if (parts > kMostListed) names += fmt::format(", and {} more", parts - kMostListed);
  return fmt::format(
      "successive frames do not look like a video, most bodyparts step beyond what a track allows "
      "({}): {} mean or median",
      names, option);
}

std::vector<std::string> warnings_of_fast_steps(const TrackReport& report,
                                                const std::vector<std::string>& bodyparts) {
  std::vector<std::string> warnings;
  for (size_t p = 0; p < report.fast.size(); ++p) {
    if (static_cast<double>(report.fast[p]) <=
        kOftenFast * static_cast<double>(report.num_frames)) {
      continue;
    }
    warnings.push_back(fmt::format(
        "{} often moves faster than the track expects ({} of {} frames): a track of every frame of "
        "the video is better than one of few of them",
        bodyparts[p], report.fast[p], report.num_frames));
  }
  return warnings;
}

}  // namespace

bool looks_like_no_video(const TrackReport& report) {
  size_t agreed = 0;
  size_t fast = 0;
  for (size_t p = 0; p < report.fast.size(); ++p) {
    agreed += report.agreed_steps[p] > 0 ? 1 : 0;
    fast += steps_are_mostly_fast(report, p) ? 1 : 0;
  }
  return 2 * fast > agreed;
}

std::vector<std::string> warnings_of(const TrackReport& report,
                                     const std::vector<std::string>& bodyparts,
                                     const char* option) {
  std::vector<std::string> warnings;
  if (!report.jump_bursts.empty()) {
    warnings.push_back("the track jumps again and again: " + listed(report.jump_bursts, bodyparts));
  }
  if (!report.departures.empty()) {
    warnings.push_back("the track is long elsewhere than where most members agree: " +
                       listed(report.departures, bodyparts));
  }
  if (!report.swap_bursts.empty()) {
    warnings.push_back("bodyparts that look alike change places and back: " +
                       listed(report.swap_bursts, bodyparts));
  }
  if (report.num_frames == 1) {
    warnings.push_back(fmt::format(
        "one frame is too short for a track: there is nothing to follow; {} mean or median",
        option));
  }
  if (report.num_frames > 1 && share_hidden(report) > kMostHidden &&
      !looks_like_no_video(report)) {  // a track hides what jumps at every frame
    warnings.push_back(
        fmt::format("{:.0f} % of all keypoints are not seen by the track: either the bodyparts are "
                    "not there, or the "
                    "frames are no video of what the members were trained on",
                    100 * share_hidden(report)));
  }
  if (looks_like_no_video(report)) {
    warnings.push_back(no_video_warning(report, bodyparts, option));
    return warnings;
  }
  for (std::string& warning : warnings_of_fast_steps(report, bodyparts))
    warnings.push_back(std::move(warning));
  return warnings;
}

std::vector<std::string> warnings_of_setting(size_t lag, size_t num_members,
                                             const std::vector<std::pair<int, int>>& close_pairs,
                                             const std::vector<std::string>& bodyparts) {
  std::vector<std::string> warnings;
  if (lag == 0) {
    warnings.emplace_back(
        "--track-lag 0 looks at the past alone: on fast motion that can be worse than no track");
  }
  if (num_members < 3) {
    warnings.push_back(fmt::format("a track of {} {}: with fewer than 3 few votes decide",
                                   num_members, num_members == 1 ? "member" : "members"));
  }
  for (const auto& [a, b] : close_pairs) {
    warnings.push_back(fmt::format(
        "{} and {} of one group of --look-alike lie within two cells of each other in most frames: "
        "as two cannot be at one place, they push one another away",
        bodyparts[static_cast<size_t>(a)], bodyparts[static_cast<size_t>(b)]));
  }
  return warnings;
}

}  // namespace posse
