/// Smooths a track's positions: the ensemble Kalman smoother over the members' votes along it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "consensus/track/tracker.h"

namespace posse {

/// Replaces the positions of a whole track by those of smooth_single_camera over the members' votes
/// (TrackedFrame::votes), in which a bodypart that is not seen is missing; its s is found for each
/// bodypart. Where the bodypart is seen it moves by no more than a cell: across a dart the smoother
/// would cut the corner. A position that the smoother cannot give stays as it is, a missing one
/// stays missing, and so does one that is not seen where the members' mean probability is a half or
/// more.
///
/// Likelihoods, chances and second places stay. So do covariances where the bodypart is seen; where
/// it is not, the smoother's posterior variance is added, which grows with the gap. Fewer than two
/// frames stay as they are.
/// @param frames  all of a video, in order, with equal bodyparts and members; the smallest step
/// between two frame numbers is one step of the smoother's random walk, a longer one so many.
void smooth_track(std::span<TrackedFrame> frames, const std::vector<std::string>& bodyparts,
                  int num_threads = 1);

/// Frames that are smoothed together, and how far the pieces of a longer video overlap: beyond that
/// the smoother has forgotten.
inline constexpr size_t kTrackChunk = 10000;
inline constexpr size_t kTrackOverlap = 300;

/// smooth_track for a video that comes frame by frame, in memory that does not grow with it. Up to
/// `chunk` + `overlap` frames give what smooth_track gives; longer videos are smoothed in pieces
/// that overlap, with the s of the first piece.
class TrackSmoother {
 public:
  explicit TrackSmoother(std::vector<std::string> bodyparts, size_t chunk = kTrackChunk,
                         size_t overlap = kTrackOverlap);
  /// @return frames that are smoothed by now, in order.
  std::vector<TrackedFrame> push(TrackedFrame frame);
  std::vector<TrackedFrame> finish();

 private:
  std::vector<TrackedFrame> smoothed(size_t count);

  std::vector<std::string> bodyparts_;
  size_t chunk_;
  size_t overlap_;
  std::vector<TrackedFrame> frames_;  ///< as they came
  size_t num_delivered_ = 0;          ///< of frames_, kept for the overlap
  std::vector<double> s_;             ///< [bodyparts]; empty before the first piece
};

}  // namespace posse
