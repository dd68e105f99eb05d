#include "ensemble/cut_frames.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace posse {

Extent extent_seen(const std::optional<CropBox>& crop, Extent frame) {
  if (!crop) return frame;
  return {crop->y2 - crop->y1, crop->x2 - crop->x1};
}

Extent largest_extent_seen(std::span<const MemberNetwork> members, Extent frame) {
  Extent largest{0, 0};
  for (const MemberNetwork& member : members) {
    const Extent seen = extent_seen(member.crop, frame);
    if (seen.height * seen.width > largest.height * largest.width) largest = seen;
  }
  return largest;
}

bool any_crop(std::span<const MemberNetwork> members) {
  return std::any_of(members.begin(), members.end(),
                     [](const MemberNetwork& member) { return member.crop.has_value(); });
}

void check_crops(std::span<const MemberNetwork> members, Extent frame) {
  for (const MemberNetwork& member : members) {
    if (!member.crop) continue;
    const CropBox& box = *member.crop;
    if (box.x2 <= frame.width && box.y2 <= frame.height) continue;
    const bool cut_already = extent_seen(box, frame) == frame;
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

void cut(const Image& image, const CropBox& box, std::vector<uint8_t>& rgb) {
  const auto row_bytes = static_cast<size_t>(3 * (box.x2 - box.x1));
  rgb.resize(row_bytes * static_cast<size_t>(box.y2 - box.y1));
  auto out = rgb.begin();
  for (int y = box.y1; y < box.y2; ++y) {
    const auto first = image.rgb.begin() + 3 * (static_cast<ptrdiff_t>(y) * image.width + box.x1);
    out = std::copy(first, first + static_cast<ptrdiff_t>(row_bytes), out);
  }
}

}  // namespace posse
