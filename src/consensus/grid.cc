#include "consensus/grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "consensus/log_odds.h"

namespace posse {
namespace {

int num_columns(const MemberMap& member) {
  return member.column_of_bodypart.empty() ? member.map.num_bodyparts
                                           : static_cast<int>(member.column_of_bodypart.size());
}

int column_of(const MemberMap& member, int bodypart) {
  return member.column_of_bodypart.empty()
             ? bodypart
             : member.column_of_bodypart[static_cast<size_t>(bodypart)];
}

}  // namespace

bool MemberMap::in_ensemble_order() const {
  if (column_of_bodypart.empty()) {
    return true;
  }
  if (static_cast<int>(column_of_bodypart.size()) != map.num_bodyparts) {
    return false;
  }
  for (int bodypart = 0; bodypart < map.num_bodyparts; ++bodypart) {
    if (column_of_bodypart[static_cast<size_t>(bodypart)] != bodypart) {
      return false;
    }
  }
  return true;
}

Grid grid_of(const ScoremapView& map) {
  return {.height = map.height, .width = map.width, .stride = map.stride};
}

Grid finest_grid(std::span<const MemberMap> members) {
  Grid finest = grid_of(members.front().map);
  for (const MemberMap& member : members) {
    const Grid grid = grid_of(member.map);
    const bool larger = static_cast<int64_t>(grid.height) * grid.width >
                        static_cast<int64_t>(finest.height) * finest.width;
    if (grid.stride < finest.stride || (grid.stride == finest.stride && larger)) {
      finest = grid;
    }
  }
  return finest;
}

AxisInterpolation interpolate_axis(int target_length, double target_stride, int source_length,
                                   double source_stride) {
  AxisInterpolation axis;
  for (int i = 0; i < target_length; ++i) {
    const double cell = cell_from_pixel(pixel_from_cell(i, target_stride), source_stride);
    const double inside = std::clamp(cell, 0.0, static_cast<double>(source_length - 1));
    const double before = std::floor(inside);
    axis.before.push_back(static_cast<int>(before));
    axis.weight.push_back(inside - before);
  }
  return axis;
}

void resample_member(const MemberMap& member, const Grid& grid, std::vector<float>& logits) {
  const ScoremapView& map = member.map;
  const AxisInterpolation rows = interpolate_axis(grid.height, grid.stride, map.height, map.stride);
  const AxisInterpolation cols = interpolate_axis(grid.width, grid.stride, map.width, map.stride);
  const int bodyparts = num_columns(member);
  logits.clear();
  logits.reserve(static_cast<size_t>(grid.height) * static_cast<size_t>(grid.width) *
                 static_cast<size_t>(bodyparts));
  for (size_t row = 0; row < rows.before.size(); ++row) {
    for (size_t col = 0; col < cols.before.size(); ++col) {
      const int r0 = rows.before[row];
      const int c0 = cols.before[col];
      const int r1 = std::min(r0 + 1, map.height - 1);
      const int c1 = std::min(c0 + 1, map.width - 1);
      const double v = rows.weight[row];
      const double u = cols.weight[col];
      const std::array<double, 4> weights = {(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u};
      for (int bodypart = 0; bodypart < bodyparts; ++bodypart) {
        const int column = column_of(member, bodypart);
        const std::array<double, 4> corners = {map.logit(r0, c0, column), map.logit(r0, c1, column),
                                               map.logit(r1, c0, column),
                                               map.logit(r1, c1, column)};
        logits.push_back(static_cast<float>(logit_of_weighted_mean(corners, weights)));
      }
    }
  }
}

}  // namespace posse
