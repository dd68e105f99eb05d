/// Predicts frames that come one by one: runs networks, causal track and calibration on each at
/// once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/image.h"
#include "consensus/track/tracker.h"
#include "ensemble/ensemble.h"
#include "library/live_options.h"
#include "run/frame_calibration.h"

namespace posse {

class LiveFrames {
 public:
  /// @throws Error(usage) for options that are out of range or contradict each other, and for a
  /// calibration that is not for them; as parse_look_alikes, read_calibration
  LiveFrames(Ensemble& ensemble, LiveOptions options);

  /// The frame's result; with consensus track `consensus` and `track` are the causal track's.
  /// @param time_seconds  used with options.fps and a track alone
  /// @throws Error(invalid_value) for times that do not rise; as Ensemble::run
  FrameResult push(Image image, double time_seconds);
  /// Begins a new video.
  void reset();

 private:
  /// Frames since the one before.
  double elapsed(double time_seconds);
  void track(FrameResult& frame, double time_seconds);

  Ensemble& ensemble_;
  LiveOptions options_;
  std::optional<FrameCalibration> calibration_;
  std::vector<std::vector<int>> groups_;
  std::unique_ptr<Tracker> tracker_;
  int64_t num_frames_ = 0;
  double last_time_ = 0;
};

}  // namespace posse
