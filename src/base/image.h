/// 8-bit RGB pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace posse {

/// [height, width, 3] bytes, red first, rows from the top, no padding between rows.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;

  Image() = default;
  Image(int w, int h)
      : width(w), height(h), rgb(static_cast<size_t>(w) * static_cast<size_t>(h) * 3) {}
  const uint8_t* pixel(int row, int col) const {
    return rgb.data() +
           (static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(col)) * 3;
  }
  uint8_t* pixel(int row, int col) {
    return rgb.data() +
           (static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(col)) * 3;
  }
};

}  // namespace posse
