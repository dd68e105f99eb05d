/// Cutting frames to the box of a member's configuration, as DeepLabCut does before its network.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/image.h"
#include "ensemble/member_network.h"

namespace posse {

/// Size of what a member's network sees of frames of this size.
Extent extent_seen(const std::optional<CropBox>& crop, Extent frame);

/// The size that kernels are chosen for: what most pixels are seen at.
Extent largest_extent_seen(std::span<const MemberNetwork> members, Extent frame);

/// @throws Error(shape_mismatch) if a member's box does not lie within frames of this size, naming
///         both.
void check_crops(std::span<const MemberNetwork> members, Extent frame);

/// True if frames are cut for any member.
bool any_crop(std::span<const MemberNetwork> members);

/// Copies the box's rows out of a picture: RGB bytes [y2 - y1, x2 - x1, 3].
void cut(const Image& image, const CropBox& box, std::vector<uint8_t>& rgb);

}  // namespace posse
