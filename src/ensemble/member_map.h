/// Describes a network's maps to consensus and tracking: the part of the frame that they show,
/// their columns and their rule.
#pragma once

#include <optional>
#include <span>

#include "consensus/grid.h"
#include "ensemble/member_network.h"
#include "network/graph.h"

namespace posse {

/// The part of a frame of this size that a member sees, in its pixels. @param crop  nullopt: all
PixelArea area_seen(const std::optional<CropBox>& crop, Extent frame);

/// A look at maps of one frame. @param map  its logits, locref, height, width and bodyparts; the
/// rest is filled in. @param columns  as MemberMap::column_of_bodypart. All must outlive the
/// result.
MemberMap member_map(const MemberNetwork& member, ScoremapView map, std::span<const int> columns,
                     const PixelArea& area);

}  // namespace posse
