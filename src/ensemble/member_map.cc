#include "ensemble/member_map.h"

namespace posse {

PixelArea area_seen(const std::optional<CropBox>& crop, Extent frame) {
  if (!crop) {
    return {.x2 = static_cast<double>(frame.width), .y2 = static_cast<double>(frame.height)};
  }
  return {.x1 = static_cast<double>(crop->x1),
          .y1 = static_cast<double>(crop->y1),
          .x2 = static_cast<double>(crop->x2),
          .y2 = static_cast<double>(crop->y2)};
}

MemberMap member_map(const MemberNetwork& member, ScoremapView map, std::span<const int> columns,
                     const PixelArea& area) {
  map.stride = member.stride();
  map.locref_stdev = member.locref_stdev();
  map.offset_x = area.x1;
  map.offset_y = area.y1;
  if (member.takes_boxes()) {
    // The cells are spread over whatever was resized; the first lies on its first pixel.
    map.stride = (area.x2 - area.x1) / map.width;
    map.row_stride = (area.y2 - area.y1) / map.height;
    map.offset_x -= 0.5 * map.stride;
    map.offset_y -= 0.5 * map.row_stride;
    map.doublings = member.member.torch->downsample_factor;
  } else if (!member.shaping.changes_nothing()) {
    const ShapedGeometry seen =
        shaped_geometry(member.shaping, {.height = static_cast<int>(area.y2 - area.y1),
                                         .width = static_cast<int>(area.x2 - area.x1)});
    map.row_stride = map.stride * seen.scale_y;
    map.row_locref_stdev = map.locref_stdev * seen.scale_y;
    map.stride *= seen.scale_x;
    map.locref_stdev *= seen.scale_x;
    map.offset_x += seen.offset_x;
    map.offset_y += seen.offset_y;
  }
  return {.map = map, .area = area, .column_of_bodypart = columns, .rule = member.rule};
}

}  // namespace posse
