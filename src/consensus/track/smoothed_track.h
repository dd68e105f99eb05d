/// The track's positions smoothed: the ensemble Kalman smoother over the members' votes at it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "consensus/track/tracker.h"

namespace posse {

/// Replaces the positions of a whole track by those of smooth_single_camera over the members' votes
/// (TrackedFrame::votes), in which a bodypart that is not seen is missing; its s is found for each
/// bodypart. A position that the smoother cannot give stays as it is, a missing one stays missing.
///
/// Likelihoods, chances and second places stay. So do covariances where the bodypart is seen; where
/// it is not, the smoother's posterior variance is added, which grows with the gap. Fewer than two
/// frames stay as they are.
/// @param frames  all of a video, in order, with equal bodyparts and members; rows are taken as
/// equally spaced in time.
void smooth_track(std::span<TrackedFrame> frames, const std::vector<std::string>& bodyparts,
                  int num_threads = 1);

}  // namespace posse
