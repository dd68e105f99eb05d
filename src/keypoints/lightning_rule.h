/// Reads keypoints from heatmaps as Lightning Pose does, by its sub-pixel soft-argmax.
#pragma once

#include "base/poses.h"
#include "keypoints/scoremap.h"

namespace posse {

/// One bodypart's keypoint, without the map's offset.
///
/// The logits are in the common meaning of maps (common_meaning.h): a third of them are the
/// network's. Their softmax q is doubled map.doublings times (bicubic with a = -0.75 at half
/// pixels, edges continued, then the 5 x 5 binomial filter with zeros outside), and p =
/// softmax(1000 q) over all pixels. The position is the expectation of p less the shift of the
/// doublings, which the tool takes as 0.5, 1.5 and 2.5 network pixels for one, two and three;
/// exactly it is 0.5, 1.5 and 3.5. Likelihood: the mass of p in the 5 x 5 pixels around the
/// truncated expectation.
/// @param whole_shift  take the exact shift. @return missing_keypoint() for a map with a NaN or of
/// -inf alone
/// Source: lightning_pose/models/heads/heatmap.py (run_subpixelmaxima) and upsampling.py.
Keypoint keypoint_by_lightning_rule(const ScoremapView& map, int bodypart, bool whole_shift);

}  // namespace posse
