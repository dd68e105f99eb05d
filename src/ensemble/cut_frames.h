/// Cuts, resizes and pads frames to what a member's network sees, as its tool does before the
/// network.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/image.h"
#include "base/picture_shaping.h"
#include "ensemble/member_network.h"

namespace posse {

/// How a frame becomes the picture that a network is given.
struct FrameView {
  std::optional<CropBox> crop;  ///< nullopt: whole frames
  PictureShaping shaping;       ///< of what is within the box
  bool operator==(const FrameView&) const = default;

  bool is_whole_frame() const { return !crop && shaping.changes_nothing(); }
};

/// @param whole_pictures  as EnsembleRun::whole_pictures
FrameView view_of(const MemberNetwork& member, bool whole_pictures = false);

/// Size of what a network sees of frames of this size. @throws as shaped_geometry()
Extent extent_seen(const FrameView& view, Extent frame);

/// The size that kernels are chosen for: what most pixels are seen at.
Extent largest_extent_seen(std::span<const MemberNetwork> members, Extent frame);

/// The largest picture that members' convolutions see: as largest_extent_seen(), but of networks
/// that resize what they see, the size they resize to.
Extent largest_extent_convolved(std::span<const MemberNetwork> members, Extent frame);

/// @throws Error(shape_mismatch) if a member's box does not lie within frames of this size, naming
///         both; as shaped_geometry()
void check_crops(std::span<const MemberNetwork> members, Extent frame);

/// True if frames are cut for any member.
bool any_crop(std::span<const MemberNetwork> members);

/// What a network sees of a picture: RGB bytes of extent_seen().
void look(const Image& image, const FrameView& view, std::vector<uint8_t>& rgb);

}  // namespace posse
