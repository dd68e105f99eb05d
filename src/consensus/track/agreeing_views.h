/// Makes views of one bodypart agree by lowering evidence that another view speaks against: mirrors
/// that show it at the same x or the same y, and views whose epipolar lines are known.
#pragma once

#include <cstddef>
#include <span>

#include "cameras/epipolar.h"
#include "consensus/track/frame_evidence.h"

namespace posse {

/// Two bodyparts of a picture that are one, seen from two sides.
struct ViewPair {
  size_t a = 0;
  size_t b = 0;
  EpipolarGeometry geometry;
  /// What is known of the standard deviation of the difference between the views, px.
  double spread = 0;
};

struct AgreementOptions {
  double cells = 1.5;   ///< least standard deviation of the difference between views; above 0
  double apart = 0.05;  ///< chance that they differ by anything; in (0, 1]
};

/// Lowers each view's evidence at places that the other view's evidence speaks against: times the
/// chance that a point of the other view, drawn from its evidence, agrees. Evidence of the other
/// view that lies at none of its places agrees with all, and so does a view that nobody votes for.
void let_views_agree(std::span<const ViewPair> views, const AgreementOptions& options,
                     FrameEvidence& frame);

}  // namespace posse
