#include "video/presentation_clock.h"

#include <fmt/format.h>

#include <cmath>

namespace posse {
namespace {

// Times that lie this near (in frames) to the grid are rounding of a constant rate.
constexpr double kSnap = 0.03;

// MP4 keeps the distance of two frames in 32 bits.
constexpr double kMostTicksAhead = 2147483647.0;

}  // namespace

void PresentationClock::start_from(double time_seconds, int64_t ticks) {
  origin_seconds_ = time_seconds;
  origin_ticks_ = ticks;
}

int64_t PresentationClock::place(double time_seconds) {
  const int64_t frame = num_frames_++;
  const int64_t next = last_ < 0 ? 0 : last_ + ticks_per_frame_;
  if (!std::isfinite(time_seconds)) {
    without_time_.add(frame);
    return last_ = next;
  }
  if (std::isnan(origin_seconds_)) {
    start_from(time_seconds, next);
    return last_ = next;
  }
  if (const auto own = ticks_of(time_seconds)) {
    if (*own > last_) return last_ = *own;
    displaced_.add(frame);
    return ++last_;
  }
  displaced_.add(frame);
  start_from(time_seconds, next);
  return last_ = next;
}

std::optional<int64_t> PresentationClock::ticks_of(double time_seconds) const {
  const auto per_frame = static_cast<double>(ticks_per_frame_);
  const double frames = (time_seconds - origin_seconds_) * frames_per_second_;
  const double ahead = frames * per_frame + static_cast<double>(origin_ticks_ - last_);
  if (!(ahead >= -per_frame) || ahead > kMostTicksAhead) return std::nullopt;
  const double on_grid = std::round(frames);
  return origin_ticks_ + std::llround(std::abs(frames - on_grid) < kSnap ? on_grid * per_frame
                                                                         : frames * per_frame);
}

std::vector<std::string> PresentationClock::warnings() const {
  std::vector<std::string> sentences;
  if (displaced_.count > 0) {
    sentences.push_back(fmt::format(
        "{} of {} frames {} a time that does not follow the time of the frame before (first: frame "
        "{} of those written); each was put just after the frame before.",
        displaced_.count, num_frames_, displaced_.count == 1 ? "has" : "have", displaced_.first));
  }
  if (without_time_.count > 0 && without_time_.count < num_frames_) {
    sentences.push_back(fmt::format(
        "{} of {} frames {} no time (first: frame {} of those written); each was put one frame "
        "after the frame before.",
        without_time_.count, num_frames_, without_time_.count == 1 ? "has" : "have",
        without_time_.first));
  }
  return sentences;
}

}  // namespace posse
