/// Turns times of frames into the increasing ticks that containers ask for. Private to src/video.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace posse {

/// Puts frames at their own times where these increase, and just after the last frame where not.
///
/// Times count from the first frame's. A time within 3 % of a frame of the grid is put on it
/// (rounding of a constant rate, such as Matroska's milliseconds). Of the others:
///   * a time equal to the last or slightly before it: one tick after the last;
///   * a time more than one frame before the last (clips joined, a counter restarted), or further
///     ahead than a container can say: one frame after the last, and times count from there;
///   * none (NaN): one frame after the last.
class PresentationClock {
 public:
  /// @param frames_per_second  of the grid. @param ticks_per_frame  ticks in a frame of the grid.
  PresentationClock(double frames_per_second, int ticks_per_frame)
      : frames_per_second_(frames_per_second), ticks_per_frame_(ticks_per_frame) {}

  /// The next frame's ticks, greater than any before; 0 for the first.
  int64_t place(double time_seconds);

  int64_t num_frames() const { return num_frames_; }

  /// Complete sentences about the frames that are not at their own times, with their number and the
  /// first (counted from 0 in order of writing); none if all are, or if no frame has a time.
  std::vector<std::string> warnings() const;

 private:
  struct Tally {
    int64_t count = 0;
    int64_t first = 0;
    void add(int64_t frame) {
      if (count++ == 0) first = frame;
    }
  };

  /// Ticks of a time that belongs to the present stretch of times; nullopt if it begins another.
  std::optional<int64_t> ticks_of(double time_seconds) const;
  void start_from(double time_seconds, int64_t ticks);

  double frames_per_second_;
  int64_t ticks_per_frame_;
  double origin_seconds_ = std::numeric_limits<double>::quiet_NaN();  // of the present stretch ...
  int64_t origin_ticks_ = 0;                                          // ... lies at these ticks
  int64_t last_ = -1;
  int64_t num_frames_ = 0;
  Tally displaced_;
  Tally without_time_;
};

}  // namespace posse
