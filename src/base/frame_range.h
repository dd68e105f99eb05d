/// A range of a video's frames: half-open, counted from 0, the same rule in C++, Python and on the
/// command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posse {

/// Frames start, start + step, ... below stop; without a stop, to the end of the video.
struct FrameRange {
  int64_t start = 0;
  std::optional<int64_t> stop;
  int64_t step = 1;

  /// Reads "a:b:step"; each piece may be left out ("100:", ":50", "::2", "" for all), a lone "7" is
  /// frame 7.
  /// @throws Error(usage) for anything else: negative numbers, step 0, stop below start.
  static FrameRange parse(std::string_view text);

  /// @throws Error(invalid_value) unless 0 <= start <= stop and step >= 1.
  void validate() const;

  bool contains(int64_t frame_index) const;
  bool is_all() const { return start == 0 && !stop && step == 1; }
  /// Number of frames of the range in a video of `num_frames` frames.
  int64_t count(int64_t num_frames) const;
  /// "100:200", "100:", "::2"; parse() gives the same range back.
  std::string to_string() const;

  bool operator==(const FrameRange&) const = default;
};

}  // namespace posse
