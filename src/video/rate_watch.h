/// Checks whether frames are evenly spaced in time, and finds where some seem to be missing.
/// Private to src/video.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace posse {

/// Finds out from presentation times whether frames are evenly spaced. Keeps a few hundred
/// intervals, whatever the video's length.
class RateWatch {
 public:
  static constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();  ///< AV_NOPTS_VALUE

  /// An interval in which frames are missing: a whole multiple of the others.
  struct Gap {
    int64_t after_frame = 0;
    int64_t num_missing = 0;
  };
  struct Gaps {
    int64_t num_missing = 0;  ///< frames, at all places
    int64_t num_places = 0;
    std::vector<Gap> first;  ///< at most five
  };

  /// @param ticks  presentation time in units of the container's time base, or kNoTime.
  void add(int64_t ticks, int64_t frame_index);
  /// The next interval does not count: frames were lost in it.
  void restart() { last_ = kNoTime; }

  /// True if two intervals differ by more than rounding to ticks explains (2 ticks) and by more
  /// than 5 %.
  bool is_variable() const;
  /// The same without the intervals that gaps() explains.
  bool is_variable_between_gaps() const;
  /// True if `ticks` comes much later after the last frame than any frame so far did.
  bool would_jump(int64_t ticks) const;
  /// Places where frames seem to be missing; none unless nine in ten intervals are alike and long
  /// enough (four ticks) that doubled ones can be told from them.
  Gaps gaps() const;

  /// Frames whose time is not after the time of the frame before; the first of them.
  int64_t num_not_increasing() const { return num_not_increasing_; }
  int64_t first_not_increasing() const { return first_not_increasing_; }

  int64_t shortest() const { return all_.shortest; }
  int64_t longest() const { return all_.longest; }

 private:
  struct Interval {
    int64_t after_frame = 0;
    int64_t ticks = 0;
  };
  struct Extent {
    int64_t shortest = 0;
    int64_t longest = 0;
    bool is_empty = true;
    void add(int64_t ticks);
    bool is_variable() const;
  };
  /// What becomes of intervals once the usual one is known.
  struct Census {
    double usual = 0;  ///< ticks
    int64_t num_usual = 0;
    int64_t num_all = 0;
    Extent between_gaps;
    Gaps gaps;
    void add(const Interval& interval);
  };

  Census census() const;

  int64_t last_ = kNoTime;
  int64_t last_frame_ = 0;
  int64_t num_not_increasing_ = 0;
  int64_t first_not_increasing_ = 0;
  Extent all_;
  std::vector<Interval> early_;  // until the usual interval is known
  Census late_;
};

}  // namespace posse
