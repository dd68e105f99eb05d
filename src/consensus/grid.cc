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

/// Adds whole cells before and behind an axis until their centres span [first, last].
void extend_axis(double first, double last, double stride, double& offset, int& length) {
  const auto missing = [stride](double pixels) {
    return std::max(0, static_cast<int>(std::floor(pixels / stride + 0.5)));
  };
  const int before = missing(offset - first);
  const int behind = missing(last - (offset + stride * length));
  offset -= stride * before;
  length += before + behind;
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
  const double rows = map.stride_of_rows();
  if (rows != map.stride) {  // square cells of the smaller side
    const double stride = std::min(map.stride, rows);
    const auto cells = [stride](int length, double from) {
      return static_cast<int>(std::ceil(length * from / stride - 1e-9));
    };
    return {.height = cells(map.height, rows),
            .width = cells(map.width, map.stride),
            .stride = stride,
            .offset_x = map.offset_x + 0.5 * (map.stride - stride),
            .offset_y = map.offset_y + 0.5 * (rows - stride)};
  }
  return {.height = map.height,
          .width = map.width,
          .stride = map.stride,
          .offset_x = map.offset_x,
          .offset_y = map.offset_y};
}

bool lies_on(const ScoremapView& map, const Grid& grid) {
  return map.stride_of_rows() == map.stride && grid_of(map) == grid;
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

bool areas_differ(std::span<const MemberMap> members) {
  return std::any_of(members.begin(), members.end(), [&](const MemberMap& member) {
    return !(member.area == members.front().area);
  });
}

Grid consensus_grid(std::span<const MemberMap> members) {
  Grid grid = finest_grid(members);
  if (!areas_differ(members)) return grid;
  PixelArea all = members.front().area;
  for (const MemberMap& member : members) {
    all.x1 = std::min(all.x1, member.area.x1);
    all.y1 = std::min(all.y1, member.area.y1);
    all.x2 = std::max(all.x2, member.area.x2);
    all.y2 = std::max(all.y2, member.area.y2);
  }
  extend_axis(all.x1, all.x2, grid.stride, grid.offset_x, grid.width);
  extend_axis(all.y1, all.y2, grid.stride, grid.offset_y, grid.height);
  return grid;
}

AxisInterpolation interpolate_axis(const GridAxis& target, const GridAxis& source) {
  AxisInterpolation axis;
  for (int i = 0; i < target.length; ++i) {
    const double pixel = pixel_from_cell(i, target.stride) + (target.offset - source.offset);
    const double cell = cell_from_pixel(pixel, source.stride);
    const double inside = std::clamp(cell, 0.0, static_cast<double>(source.length - 1));
    const double before = std::floor(inside);
    axis.before.push_back(static_cast<int>(before));
    axis.weight.push_back(inside - before);
  }
  return axis;
}

void resample_member(const MemberMap& member, const Grid& grid, bool blank_unseen,
                     std::vector<float>& logits) {
  const ScoremapView& map = member.map;
  const AxisInterpolation rows = interpolate_axis({grid.height, grid.stride, grid.offset_y},
                                                  {map.height, map.stride_of_rows(), map.offset_y});
  const AxisInterpolation cols = interpolate_axis({grid.width, grid.stride, grid.offset_x},
                                                  {map.width, map.stride, map.offset_x});
  const int bodyparts = num_columns(member);
  logits.clear();
  logits.reserve(static_cast<size_t>(grid.height) * static_cast<size_t>(grid.width) *
                 static_cast<size_t>(bodyparts));
  for (size_t row = 0; row < rows.before.size(); ++row) {
    const double y = pixel_from_cell(static_cast<double>(row), grid.stride) + grid.offset_y;
    for (size_t col = 0; col < cols.before.size(); ++col) {
      const double x = pixel_from_cell(static_cast<double>(col), grid.stride) + grid.offset_x;
      if (blank_unseen && !member.area.holds(x, y)) {
        logits.insert(logits.end(), static_cast<size_t>(bodyparts), kUnseenLogit);
        continue;
      }
      const int r0 = rows.before[row];
      const int c0 = cols.before[col];
      const int r1 = std::min(r0 + 1, map.height - 1);
      const int c1 = std::min(c0 + 1, map.width - 1);
      const double v = rows.weight[row];
      const double u = cols.weight[col];
      const std::array<double, 4> weights = {(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u};
      for (int bodypart = 0; bodypart < bodyparts; ++bodypart) {
        const int column = column_of(member, bodypart);
        if (u == 0 && v == 0) {
          logits.push_back(static_cast<float>(map.logit(r0, c0, column)));
          continue;
        }
        const std::array<double, 4> corners = {map.logit(r0, c0, column), map.logit(r0, c1, column),
                                               map.logit(r1, c0, column),
                                               map.logit(r1, c1, column)};
        logits.push_back(static_cast<float>(logit_of_weighted_mean(corners, weights)));
      }
    }
  }
}

}  // namespace posse
