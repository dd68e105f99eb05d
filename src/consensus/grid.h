/// The common grid to which maps of members of different stride or map size are resampled.
#pragma once

#include <span>
#include <vector>

#include "keypoints/decode.h"
#include "keypoints/scoremap.h"

namespace posse {

/// A rectangle of the full frame in pixels; x2 and y2 lie outside.
struct PixelArea {
  double x1 = 0;
  double y1 = 0;
  double x2 = 0;
  double y2 = 0;
  bool holds(double x, double y) const { return x >= x1 && x <= x2 && y >= y1 && y <= y2; }
  bool operator==(const PixelArea&) const = default;
};

/// One member's maps of a frame, and how its columns are named.
struct MemberMap {
  ScoremapView map;
  /// The part of the frame that the network saw. Matters only where members saw different parts.
  PixelArea area;
  /// [bodyparts]: bodypart j of the ensemble is column column_of_bodypart[j] of the map (see
  /// align_bodyparts). Empty: the map's own order.
  std::span<const int> column_of_bodypart;
  /// The rule of this member's own keypoints.
  DecodeRule rule = DecodeRule::dgp;
  /// True: the member has one column per bodypart of the ensemble in the ensemble's order.
  bool in_ensemble_order() const;
};

struct Grid {
  int height = 0;
  int width = 0;
  double stride = 8;
  double offset_x = 0;  ///< pixels of the full frame before the first cell's left edge
  double offset_y = 0;  ///< and above its upper edge
  bool operator==(const Grid&) const = default;
};

/// The map's own cells; where they are not square, square ones of the smaller side that begin at
/// the same centre.
Grid grid_of(const ScoremapView& map);

/// True if the map's cells are those of the grid.
bool lies_on(const ScoremapView& map, const Grid& grid);

/// The members' finest grid: the smallest stride; of maps with that stride the one with the most
/// cells.
Grid finest_grid(std::span<const MemberMap> members);

/// True if the members saw different parts of the frame.
bool areas_differ(std::span<const MemberMap> members);

/// The grid of the consensus: the finest one, extended by whole cells, where members saw different
/// parts of the frame, until the centres of its cells span all of these.
Grid consensus_grid(std::span<const MemberMap> members);

/// Cells along one axis.
struct GridAxis {
  int length = 0;
  double stride = 8;
  double offset = 0;  ///< pixels of the full frame before the first cell
};

/// How cells of one axis of a target grid are interpolated from a source: position i lies between
/// source cells `before[i]` and `before[i] + 1`, at fraction `weight[i]` in [0, 1) of the way. Cell
/// centres are compared in pixels of the full frame (pixel_from_cell), so that the half-cell
/// offsets of different strides are accounted for; beyond the outermost source centres the
/// outermost cell is repeated.
struct AxisInterpolation {
  std::vector<int> before;
  std::vector<double> weight;
};
AxisInterpolation interpolate_axis(const GridAxis& target, const GridAxis& source);

/// The logit of a cell that the network did not see: a probability of 2e-22, which is as good as
/// "not here" and stays within float32's range.
inline constexpr float kUnseenLogit = -50;

/// The member's logits [grid.height, grid.width, bodyparts] in the ensemble's order of bodyparts.
///
/// On another grid, *probabilities* are interpolated bilinearly and returned as logits (exactly,
/// see logit_of_weighted_mean): the consensus averages probabilities, and interpolating them
/// commutes with that average; no value leaves the range of the cells around it. NaN spreads to the
/// cells around.
/// @param blank_unseen  cells whose centres lie outside member.area become kUnseenLogit: a network
///     says nothing of what it was not shown, so it does not find the bodypart there.
void resample_member(const MemberMap& member, const Grid& grid, bool blank_unseen,
                     std::vector<float>& logits);

}  // namespace posse
