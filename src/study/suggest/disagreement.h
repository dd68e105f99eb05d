/// Measures how little each frame's pose is known, from finished results.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "calibration/calibration.h"
#include "run/finished_results.h"

namespace posse {

/// What is known of one video's frames. Memory: 4 bytes a bodypart and frame, 24 more a point while
/// it is made.
struct VideoDoubt {
  std::vector<int64_t> frame_index;  ///< [frames]
  size_t num_bodyparts = 0;
  std::vector<float> doubt;       ///< [frames, bodyparts] px; 0 where nothing is known of a part
  std::vector<uint8_t> is_empty;  ///< [frames] 1 where no bodypart is likely to be seen
  bool has_track = false;
};

/// How much of the members' disagreement goes away without each.
class MemberBlame {
 public:
  explicit MemberBlame(size_t num_members) : without_(num_members) {}
  /// Of one bodypart in one frame. @param members  [members]; missing ones do not count
  void add(std::span<const Keypoint> members);
  /// [members] share of the mean distance between members that is gone without this one, at most 1;
  /// about 0 for members that are all alike, NaN for fewer than three.
  std::vector<double> shares() const;

 private:
  double whole_ = 0;
  std::vector<double> without_;
  std::vector<double> own_;  ///< of add()
};

struct DoubtSetting {
  const Calibration* calibration = nullptr;  ///< nullptr: none
  std::vector<uint8_t> left_out{};           ///< [members] 1: not asked; empty: all are
};

/// The middle one of the distances between members, the lower of two: one failed member of four or
/// more does not move it. NaN for fewer than two points.
///
/// All pairs of up to eleven members; of more those up to five places apart in a ring.
double median_distance(std::span<const Keypoint> members);

/// Doubt of every bodypart in every frame of finished results, px: with a calibration the root of
/// its covariance's trace, else sqrt(tr S + (d/4)^2), S the track's covariance, in which second
/// places count by their chance, or the consensus map's, and d the members' median_distance. The
/// quarter was set on data with exact truth, where the track knows better than the members' points
/// which frames are wrong.
/// @param blame  gets every point; nullptr: is not asked
/// @throws Error as FinishedResults; Error(interrupted)
VideoDoubt doubt_of_video(const FinishedResults& results, const DoubtSetting& setting,
                          MemberBlame* blame, const JobHooks& hooks);

/// The calibration's column of each bodypart. @throws Error(usage) where it is of other members, of
/// another consensus or lacks a bodypart
std::vector<size_t> calibrated_columns(const Calibration& calibration, const FinishedFacts& facts);

}  // namespace posse
