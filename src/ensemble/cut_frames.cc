#include "ensemble/cut_frames.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace posse {

namespace {

Extent extent_within(const std::optional<CropBox>& crop, Extent frame) {
  if (!crop) return frame;
  return {crop->y2 - crop->y1, crop->x2 - crop->x1};
}

Extent larger(Extent a, Extent b) { return b.height * b.width > a.height * a.width ? b : a; }

/// Copies the box's rows out of a picture: RGB bytes [y2 - y1, x2 - x1, 3].
void cut(const Image& image, const CropBox& box, std::vector<uint8_t>& rgb) {
  const auto row_bytes = static_cast<size_t>(3 * (box.x2 - box.x1));
  rgb.resize(row_bytes * static_cast<size_t>(box.y2 - box.y1));
  auto out = rgb.begin();
  for (int y = box.y1; y < box.y2; ++y) {
    const auto first = image.rgb.begin() + 3 * (static_cast<ptrdiff_t>(y) * image.width + box.x1);
    out = std::copy(first, first + static_cast<ptrdiff_t>(row_bytes), out);
  }
}

}  // namespace

FrameView view_of(const MemberNetwork& member, bool whole_pictures) {
  return {whole_pictures ? std::nullopt : member.crop, member.shaping};
}

Extent extent_seen(const FrameView& view, Extent frame) {
  const Extent within = extent_within(view.crop, frame);
  if (view.shaping.changes_nothing()) return within;
  const PictureSize size{static_cast<int>(within.height), static_cast<int>(within.width)};
  const PictureSize seen = shaped_geometry(view.shaping, size).size;
  return {seen.height, seen.width};
}

Extent largest_extent_seen(std::span<const MemberNetwork> members, Extent frame) {
  Extent largest{0, 0};
  for (const MemberNetwork& member : members) {
    largest = larger(largest, extent_seen(view_of(member), frame));
  }
  return largest;
}

Extent largest_extent_convolved(std::span<const MemberNetwork> members, Extent frame) {
  Extent largest{0, 0};
  for (const MemberNetwork& member : members) {
    const std::vector<Node>& nodes = member.graph.nodes;
    const auto resize = std::find_if(nodes.begin(), nodes.end(), [](const Node& node) {
      return node.kind == OpKind::resize && node.inputs.front() == 0;  // of the picture itself
    });
    largest = larger(largest,
                     resize != nodes.end() ? resize->resized : extent_seen(view_of(member), frame));
  }
  return largest;
}

bool any_crop(std::span<const MemberNetwork> members) {
  return std::any_of(members.begin(), members.end(),
                     [](const MemberNetwork& member) { return member.crop.has_value(); });
}

void check_crops(std::span<const MemberNetwork> members, Extent frame) {
  for (const MemberNetwork& member : members) {
    if (!member.crop) {
      extent_seen(view_of(member), frame);
      continue;
    }
    const CropBox& box = *member.crop;
    if (box.x2 <= frame.width && box.y2 <= frame.height) {
      extent_seen(view_of(member), frame);
      continue;
    }
    const bool cut_already = extent_within(box, frame) == frame;
    throw Error(
        ErrorKind::shape_mismatch,
        fmt::format("{}: 'cropping' cuts frames to columns {} to {} and rows {} to {}, but they "
                    "are {}x{} pixels",
                    printable(member.member.config->file.string()), box.x1, box.x2, box.y1, box.y2,
                    frame.width, frame.height),
        {.hint = cut_already ? "they have the box's size, so they seem to be cut already: --no-crop"
                             : "--no-crop runs the networks on whole frames"});
  }
}

void look(const Image& image, const FrameView& view, std::vector<uint8_t>& rgb) {
  if (view.shaping.changes_nothing()) {
    cut(image, *view.crop, rgb);
    return;
  }
  if (!view.crop) {
    rgb = shape_picture(view.shaping, image).rgb;
    return;
  }
  Image within(view.crop->x2 - view.crop->x1, view.crop->y2 - view.crop->y1);
  cut(image, *view.crop, within.rgb);
  rgb = shape_picture(view.shaping, within).rgb;
}

}  // namespace posse
