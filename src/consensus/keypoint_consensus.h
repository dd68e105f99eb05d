/// Forms the consensus of located keypoints, for members whose scoremaps are not at hand, such as
/// tables of results.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/point.h"
#include "base/poses.h"

namespace posse {

/// How members' keypoints become one. With n members that found the bodypart:
enum class KeypointMethod {
  /// Mean of x and of y; mean likelihood.
  mean,
  /// Median of x and of y (even n: mean of the middle two); median likelihood.
  median,
  /// Mean of x and of y, weighted by the likelihoods; the likelihood is their mean with the same
  /// weights. With weights of zero throughout, the mean.
  weighted_mean,
  /// The keypoint of highest likelihood; of equals the one nearest to the median, then the first.
  most_confident,
  /// The point of least summed distance to the members; median likelihood.
  geometric_median,
  /// Mean of x, of y and of the likelihood, each without its k least and k largest of the n values;
  /// k = floor(trim * n).
  trimmed_mean,
};

template <>
struct EnumNames<KeypointMethod> {
  static constexpr std::array<std::pair<std::string_view, KeypointMethod>, 6> kNames = {{
      {"mean", KeypointMethod::mean},
      {"median", KeypointMethod::median},
      {"weighted-mean", KeypointMethod::weighted_mean},
      {"most-confident", KeypointMethod::most_confident},
      {"geometric-median", KeypointMethod::geometric_median},
      {"trimmed-mean", KeypointMethod::trimmed_mean},
  }};
};

struct KeypointConsensusOptions {
  KeypointMethod method = KeypointMethod::median;
  /// Keypoints below this likelihood count as missing; in [0, 1]. Raise it to drop what members
  /// doubt.
  double min_likelihood = 0;
  /// With fewer members the consensus is missing; at least 1.
  int min_members = 1;
  /// Share that trimmed_mean leaves out at either end; in [0, 0.5).
  double trim = 0.2;
  /// Pixels from the consensus within which a member agrees; at least 0.
  double agreement_radius = 10;

  /// @throws Error(invalid_value) naming the option.
  void validate() const;
};

/// The consensus of one bodypart in one frame.
struct KeypointConsensus {
  /// Missing (NaN, NaN, 0) with fewer than min_members.
  Keypoint keypoint;
  /// Covariance of the members' positions about their mean, divided by their number, px²; NaN
  /// without members.
  Covariance covariance;
  /// Square roots of covariance.xx and covariance.yy, px; NaN without members.
  double std_x = 0;
  double std_y = 0;
  /// Members that found the bodypart.
  int num_members = 0;
  /// Of those, the ones within agreement_radius of the consensus.
  int num_agreeing = 0;
};

/// Consensus of one bodypart in one frame over members, in any order.
///
/// A member counts if x and y are finite and its likelihood is at least min_likelihood or NaN,
/// which means that it is not known: it is left out of the consensus's likelihood, and weighs as
/// much as the others do on average. Where no likelihood is known all are 1. One member alone gives
/// its own keypoint with zero spread; two give their midpoint by every method but weighted_mean and
/// most_confident.
KeypointConsensus consensus_of_keypoints(std::span<const Keypoint> members,
                                         const KeypointConsensusOptions& options);

/// Consensus of whole tables.
struct PoseConsensus {
  Poses poses;
  std::vector<KeypointConsensus> details;  ///< [frames, bodyparts], as poses.keypoints
};

/// Frame by frame, bodypart by bodypart. `members` must have equal bodyparts and frames, as
/// align_tables (results/table/align_tables.h) makes them.
/// @throws Error(invalid_value) without members; Error(shape_mismatch) if they are not aligned.
PoseConsensus consensus_of_poses(std::span<const Poses> members,
                                 const KeypointConsensusOptions& options);

}  // namespace posse
