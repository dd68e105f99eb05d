/// Names the kinds of values that networks' maps have, and holds the numbers of the meaning that
/// all maps share.
#pragma once

namespace posse {

enum class MapMeaning {
  logits,  ///< before a sigmoid: DeepLabCut 1 and 2, DeepGraphPose
  bump,    ///< a regressed bump whose peak is about 1 where the network is sure: DeepLabCut 3
  spatial_logits,  ///< before a softmax over all cells: Lightning Pose
};

/// Height of the peak of a map of Lightning Pose that is as sure as it was trained to be: of a
/// Gaussian of 1.25 cells that sums to 1, 1 / (2 pi 1.25^2).
inline constexpr double kSharpestMass = 0.10185916357881302;

/// Power of a bump or softmax that the common meaning takes (keypoints/common_meaning.h).
inline constexpr double kSharpening = 3;

/// Limits of what a map's highest value counts as: this and 1 less this.
inline constexpr double kLeastPeak = 1e-6;

/// Share of the peak that a bump's cells count as at least.
inline constexpr double kLeastShare = 1e-4;

}  // namespace posse
