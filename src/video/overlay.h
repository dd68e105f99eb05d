/// Draws poses into pictures: pure functions from coordinates to pixels.
///
/// Points are in pixels with centres at whole numbers, as everywhere. What lies outside the picture
/// is clipped; points with NaN coordinates are not drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/image.h"
#include "base/point.h"
#include "base/poses.h"
#include "video/overlay_shapes.h"

namespace posse {

/// Colours that people with any kind of colour vision tell apart (Okabe and Ito 2008, without
/// black), for `number` things; beyond seven they repeat lighter, then darker.
std::vector<Colour> distinct_colours(size_t number);

/// What is drawn into one frame. All spans may be empty where there is nothing to draw.
struct FramePoses {
  std::span<const std::string> bodyparts;          ///< [bodyparts], for the legend
  std::span<const Keypoint> consensus;             ///< [bodyparts]
  std::vector<std::span<const Keypoint>> members;  ///< [members][bodyparts]
  std::span<const Covariance> covariance;          ///< [bodyparts]; NaN: no ellipse
  std::optional<int64_t> frame_index;              ///< written into the corner if given
};

enum class MemberColours {
  by_bodypart,  ///< members' points have their bodypart's colour: shows where members disagree
  by_member,    ///< each member has its own colour: shows which member it is
};

struct OverlayStyle {
  /// Pixels; 0: a hundredth of the picture's shorter side, at least 2.5.
  double consensus_radius = 0;
  /// Pixels; 0: half of consensus_radius.
  double member_radius = 0;
  /// Opacity of members' points, in [0, 1].
  double member_opacity = 0.5;
  /// A point whose likelihood is below this is dimmed.
  double dim_below = 0.5;
  /// Share of its opacity that a dimmed point keeps; it is drawn as a ring.
  double dimmed_opacity = 0.35;
  /// Radius of the ellipse in standard deviations; 0: no ellipse.
  double ellipse_sigmas = 2;
  MemberColours member_colours = MemberColours::by_bodypart;
  /// Draw bodyparts' names and the frame number in the corner.
  bool legend = true;
  /// Pairs of bodyparts that a line joins.
  std::vector<std::pair<size_t, size_t>> skeleton;
  /// [bodyparts]; empty: distinct_colours().
  std::vector<Colour> colours;

  /// @throws Error(invalid_value) for negative radii, opacities outside [0, 1], or bodyparts that
  /// do not exist.
  void validate(size_t num_bodyparts) const;
};

/// Draws skeleton, ellipses, members, consensus and legend, in this order.
/// @throws Error(shape_mismatch) if the numbers of bodyparts differ.
void draw_poses(Image& image, const FramePoses& poses, const OverlayStyle& style = {});

}  // namespace posse
