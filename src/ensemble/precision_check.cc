#include "ensemble/precision_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "ensemble/ensemble_state.h"

namespace posse {
namespace {

/// Pixels; infinite where one of them is missing.
double distance(const Keypoint& a, const Keypoint& b) {
  const double pixels = std::hypot(a.x - b.x, a.y - b.y);
  return std::isnan(pixels) ? std::numeric_limits<double>::infinity() : pixels;
}

/// The smallest of the sorted numbers that a share of them is not above; NaN of none.
double nearest_rank(std::span<const double> sorted, double share) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

KeypointShift shift_of(std::vector<double> distances, const std::string& member) {
  std::sort(distances.begin(), distances.end());
  return {.member = member,
          .num_keypoints = static_cast<int64_t>(distances.size()),
          .median_px = nearest_rank(distances, 0.5),
          .p99_px = nearest_rank(distances, 0.99)};
}

}  // namespace

PrecisionCheck compare_keypoints(std::span<const FrameResult> exact,
                                 std::span<const FrameResult> coarse,
                                 std::span<const std::string> names) {
  POSSE_ASSERT(exact.size() == coarse.size());
  PrecisionCheck check{.num_frames = static_cast<int>(exact.size()), .members = {}};
  for (size_t m = 0; m < names.size(); ++m) {
    std::vector<double> distances;
    for (size_t i = 0; i < exact.size(); ++i) {
      const std::span<const Keypoint> expected = exact[i].member(m);
      for (size_t j = 0; j < expected.size(); ++j) {
        if (expected[j].likelihood < kLeastLikelihood) continue;
        distances.push_back(distance(expected[j], coarse[i].member(m)[j]));
      }
    }
    check.members.push_back(shift_of(std::move(distances), names[m]));
  }
  return check;
}

void require_precision(const PrecisionCheck& check, std::string_view precision) {
  const ErrorNotes notes{.hint = "--precision fp32 computes with all digits"};
  for (const KeypointShift& shift : check.members) {
    if (shift.num_keypoints == 0) {
      throw Error(
          ErrorKind::unavailable,
          fmt::format("whether {} is precise enough for member '{}' cannot be told: none of "
                      "its keypoints on {} frames has a likelihood of {} or more",
                      precision, printable(shift.member), check.num_frames, kLeastLikelihood),
          notes);
    }
    if (shift.median_px <= kMostMedianShift && shift.p99_px <= kMostP99Shift) continue;
    throw Error(
        ErrorKind::unavailable,
        fmt::format("{} is not precise enough for member '{}': its keypoints on {} frames of the "
                    "video lie {:.3f} px (median) and {:.3f} px (99th percentile) from those of "
                    "fp32; {} and {} px are allowed",
                    precision, printable(shift.member), check.num_frames, shift.median_px,
                    shift.p99_px, kMostMedianShift, kMostP99Shift),
        notes);
  }
}

std::unique_ptr<Ensemble::State> Ensemble::State::on(std::shared_ptr<const Backend> other) const {
  auto state = std::make_unique<State>();
  state->options = options;
  state->members = members;
  state->alignment = alignment;
  state->backend = std::move(other);
  state->num_threads = num_threads;
  for (size_t m = 0; m < members.size(); ++m) state->parts.push_back({m, m + 1});
  return state;
}

void Ensemble::State::check_precision(std::span<const VideoFrame> frames, const EnsembleRun& how) {
  const std::shared_ptr<const Backend> full = backend->in_full_precision();
  if (!full || frames.empty()) return;
  const auto results_of = [&](State& networks) {
    std::vector<FrameResult> results;
    size_t next = 0;
    networks.run_frames({.source =
                             [&](VideoFrame& frame) {
                               if (next == frames.size()) return false;
                               frame = frames[next++];
                               return true;
                             },
                         .whole_pictures = how.whole_pictures,
                         .boxes = how.boxes,
                         .sink =
                             [&](FrameBundle& bundle) {
                               for (FrameResult& result : bundle.results)
                                 results.push_back(std::move(result));
                             }});
    return results;
  };
  std::vector<std::string> names;
  for (const MemberNetwork& member : members) names.push_back(member.name);
  // Member by member, so that the device need not hold all of them twice.
  std::vector<FrameResult> exact;
  try {
    exact = results_of(*on(full));
  } catch (const Error& error) {  // its memory holds these networks, or one more
    if (error.kind() != ErrorKind::device_memory || !executor) throw;
    unload();
    exact = results_of(*on(full));
  }
  precision.reset();
  PrecisionCheck check = compare_keypoints(exact, results_of(*this), names);
  require_precision(check, name_of(options.precision));
  precision = std::move(check);
}

void Ensemble::check_precision(std::span<const VideoFrame> frames, const EnsembleRun& how) {
  const std::lock_guard lock(state_->running);
  state_->check_precision(frames, how);
}

}  // namespace posse
