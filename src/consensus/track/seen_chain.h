/// Computes the chance that a bodypart can be seen, from the members' likelihoods at the track's
/// place.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "consensus/track/tracked_frame.h"

namespace posse {

/// Fixed on the made hard videos of benchmarks/consensus, see docs/tracking.md.
struct SeenOptions {
  /// Chance per frame that what is seen no longer is, or the reverse; in (0, 0.5).
  double change = 0.3;
  /// Log odds of being seen for each unit of likelihood.
  double slope = 3;
  /// Likelihood that says nothing: log odds 0.
  double middle = 0.6;
};

/// Frames that are looked ahead at most: of those beyond, less than rounding is left.
inline constexpr size_t kSeenLag = 64;

/// Sets TrackedKeypoint::chance_seen of frames that come one by one: a chain of two states, seen
/// and not, each as likely before anything is known, with log odds slope (likelihood - middle) in a
/// frame; one without a position says nothing.
class SeenChain {
 public:
  /// @param lag  frames that are looked ahead; 0: none
  SeenChain(size_t num_bodyparts, SeenOptions options, size_t lag);
  /// @param elapsed  frames of the video since the one before; not used for the first.
  /// @return frames that are ready, in order.
  std::vector<TrackedFrame> push(TrackedFrame frame, double elapsed);
  std::vector<TrackedFrame> finish();

 private:
  struct Waiting {
    TrackedFrame frame;
    double kept = 0;             ///< 1 - 2 P(change) since the frame before
    std::vector<double> seen;    ///< [bodyparts] chance by the past and the frame itself
    std::vector<double> likely;  ///< [bodyparts] of the frame alone
  };
  TrackedFrame release();

  SeenOptions options_;
  size_t lag_;
  std::deque<Waiting> waiting_;
  std::vector<double> before_;  ///< [bodyparts] chance in the newest frame by the past
};

}  // namespace posse
