/// Forms the consensus of an ensemble's scoremaps, one frame at a time.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/point.h"
#include "base/poses.h"
#include "base/tensor.h"
#include "consensus/grid.h"
#include "consensus/log_odds.h"
#include "consensus/peak.h"
#include "keypoints/decode.h"

namespace posse {

struct ConsensusOptions {
  ConsensusMethod method = ConsensusMethod::mean;
  /// How the consensus keypoint is read from the consensus map: dgp: its soft-argmax, without the
  /// blur that members' keypoints have; dlc: its largest cell plus the mean over members of their
  /// location refinement there.
  DecodeRule rule = DecodeRule::dgp;
  /// Also find the members' own keypoints, their spread and their distances from the consensus.
  bool member_keypoints = true;
  /// Also return the consensus map itself (slower: one logarithm per cell).
  bool keep_scoremap = false;
  Arithmetic arithmetic = Arithmetic::fast;
};

/// The consensus of one bodypart in one frame.
struct ConsensusKeypoint {
  /// Position in full-frame pixels. likelihood: the consensus probability (mean or median over
  /// members) at the cell of the keypoint; for the dgp rule the largest of the one to four cells
  /// around it. Missing (NaN, NaN, 0) without members.
  Keypoint keypoint;
  /// Covariance of the consensus map under its softmax: how spread out the map is, not how far
  /// members disagree. NaN when missing.
  Covariance map_covariance;
  /// Standard deviation over the members' keypoints along x and y in pixels, divided by their
  /// number (population). NaN without members or when member keypoints are not asked for.
  double std_x = 0;
  double std_y = 0;
  /// Members whose maps took part: those without NaN logits for this bodypart.
  int num_members = 0;
};

/// The consensus of one frame.
struct ConsensusFrame {
  /// [bodyparts]
  std::vector<ConsensusKeypoint> keypoints;
  /// [members, bodyparts]; empty when not asked for.
  std::vector<Keypoint> members;
  /// [members, bodyparts] distance to the consensus in pixels; NaN where a point is missing.
  std::vector<double> member_distances;
  /// [height, width, bodyparts] on `grid`; empty when not asked for.
  Tensor scoremap_logits;
  /// Grid of the consensus; see consensus_grid.
  Grid grid;
};

/// Computes the consensus frame by frame; keeps scratch memory for one frame, so use one engine per
/// thread.
///
/// Each cell's consensus probability is the mean (median) over members of sigmoid(logit), taken in
/// the log domain, so that no certainty of the members overflows. The position is the expectation
/// under softmax(logit of that probability) over the whole map: cells weigh as their odds. One
/// member alone gives its own plain soft-argmax or, by the rules dlc, lp and lp_correct, its own
/// keypoints. Results do not depend on earlier frames or, up to rounding, on the order of members.
///
/// A member with a NaN logit for a bodypart is left out of that bodypart's consensus in that frame.
/// Source: Ensemble.get_mean_scoremap, get_median_scoremap and get_mu_fix of dgp_ensembletools;
/// likelihood, covariance, spread, distances and the dlc rule are ours.
class ConsensusEngine {
 public:
  explicit ConsensusEngine(ConsensusOptions options = {}) : options_(options) {}

  const ConsensusOptions& options() const { return options_; }

  /// @param members  all of one frame, at least one, with equal numbers of bodyparts; different
  /// grids are resampled to the finest (resample_member).
  /// @throws Error(invalid_value) without members; Error(shape_mismatch) if the numbers of
  /// bodyparts differ or a column does not exist; Error as check_scoremap.
  ConsensusFrame consensus(std::span<const MemberMap> members);

 private:
  AlignedMembers align(std::span<const MemberMap> members);
  void find_keypoints(std::span<const MemberMap> members, ConsensusFrame& frame);

  ConsensusOptions options_;
  PeakFinder peak_finder_;
  /// [members], used where a member is on another grid or in another order.
  std::vector<std::vector<float>> resampled_;
};

}  // namespace posse
