#include "video/picture_sheet.h"

#include <algorithm>
#include <cmath>

namespace posse {

Image picture_sheet(std::span<const Image> pictures) {
  const auto count = static_cast<int>(pictures.size());
  const int columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int rows = (count + columns - 1) / columns;
  constexpr int kGap = 4;
  int width = 1, height = 1;
  for (const Image& picture : pictures) {
    width = std::max(width, picture.width);
    height = std::max(height, picture.height);
  }
  Image sheet(columns * (width + kGap) - kGap, rows * (height + kGap) - kGap);
  std::fill(sheet.rgb.begin(), sheet.rgb.end(), uint8_t{255});
  for (int i = 0; i < count; ++i) {
    const Image& picture = pictures[static_cast<size_t>(i)];
    for (int row = 0; row < picture.height; ++row) {
      std::copy_n(picture.pixel(row, 0), static_cast<size_t>(picture.width) * 3,
                  sheet.pixel(i / columns * (height + kGap) + row, i % columns * (width + kGap)));
    }
  }
  return sheet;
}

}  // namespace posse
