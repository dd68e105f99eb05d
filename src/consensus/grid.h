/// The grid on which members of different stride or map size meet.
#pragma once

#include <span>
#include <vector>

#include "keypoints/decode.h"
#include "keypoints/scoremap.h"

namespace posse {

/// One member's maps of a frame, and how its columns are named.
struct MemberMap {
  ScoremapView map;
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
  bool operator==(const Grid&) const = default;
};

Grid grid_of(const ScoremapView& map);

/// The members' finest grid: the smallest stride; of maps with that stride the one with the most
/// cells.
Grid finest_grid(std::span<const MemberMap> members);

/// How cells of one axis of a target grid are interpolated from a source: position i lies between
/// source cells `before[i]` and `before[i] + 1`, at fraction `weight[i]` in [0, 1) of the way. Cell
/// centres are compared in pixels (pixel_from_cell), so that the half-cell offsets of different
/// strides are accounted for; beyond the outermost source centres the outermost cell is repeated.
struct AxisInterpolation {
  std::vector<int> before;
  std::vector<double> weight;
};
AxisInterpolation interpolate_axis(int target_length, double target_stride, int source_length,
                                   double source_stride);

/// The member's logits [grid.height, grid.width, bodyparts] in the ensemble's order of bodyparts.
///
/// On another grid, *probabilities* are interpolated bilinearly and returned as logits (exactly,
/// see logit_of_weighted_mean): the consensus averages probabilities, and interpolating them
/// commutes with that average; no value leaves the range of the cells around it. NaN spreads to the
/// cells around.
void resample_member(const MemberMap& member, const Grid& grid, std::vector<float>& logits);

}  // namespace posse
