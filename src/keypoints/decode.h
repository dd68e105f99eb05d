/// Reads keypoints from one network's maps by the rules of DeepGraphPose (soft-argmax), DeepLabCut
/// (largest cell plus location refinement) and Lightning Pose (sub-pixel soft-argmax).
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "base/poses.h"
#include "keypoints/scoremap.h"

namespace posse {

/// How a keypoint is read from a scoremap.
enum class DecodeRule {
  /// DeepGraphPose: softmax over the whole map, 3x3 Gaussian blur (zeros outside the map),
  /// renormalised, expectation.
  /// Likelihood: the largest sigmoid of the one to four cells around that point. Location
  /// refinement is not used.
  /// Source: DeepGraphPose, models/eval.py: setup_dgp_eval_graph, estimate_pose.
  dgp,
  /// DeepLabCut: the cell of the largest logit (the first in row-major order among equals) plus its
  /// location refinement; likelihood: the sigmoid of that cell. Source: DeepLabCut,
  /// nnet/predict.py.
  dlc,
  /// Lightning Pose: the softmax of the logits doubled to the size of what the network saw, a sharp
  /// softmax of that over the whole map, expectation; likelihood: its mass in the 5 x 5 pixels
  /// around. The doubling shifts maps; for 8 pixels per cell the tool takes back one pixel too
  /// little, and so does this rule. Source: lightning_pose/models/heads/heatmap.py.
  lp,
  /// As lp, with the whole shift taken back.
  lp_correct,
};

template <>
struct EnumNames<DecodeRule> {
  static constexpr std::array<std::pair<std::string_view, DecodeRule>, 4> kNames = {
      {{"dgp", DecodeRule::dgp},
       {"dlc", DecodeRule::dlc},
       {"lp", DecodeRule::lp},
       {"lp-correct", DecodeRule::lp_correct}}};
};

/// "dgp", "dlc", "lp", "lp-correct".
std::string_view to_string(DecodeRule rule);

/// Which arithmetic is used. The fast kernels differ from plain double precision by less than 1e-6
/// cells.
enum class Arithmetic {
  /// Vector instructions where this machine has them; what is outside float32's range is computed
  /// plainly.
  fast,
  /// Double precision throughout, the measure of the fast one.
  plain,
};

/// The keypoints of one frame, one per bodypart of the map, in full-frame pixels.
///
/// A bodypart with a NaN logit, or with -inf everywhere, is missing: x and y NaN, likelihood 0.
/// Large logits of either sign neither overflow nor saturate; cells of +inf share the whole mass.
/// @throws Error as check_scoremap.
std::vector<Keypoint> decode_keypoints(const ScoremapView& map, DecodeRule rule,
                                       Arithmetic arithmetic = Arithmetic::fast);

/// A keypoint that was not found: NaN, NaN, 0.
Keypoint missing_keypoint();

}  // namespace posse
