#include "network/backends/cpu/kernel_scratch.h"

#include <algorithm>

namespace posse::cpu {

int64_t depthwise_scratch_floats(int64_t width, int64_t dst_width, int64_t vectors, int lanes,
                                 int kernel, int stride, int dilation) {
  const int64_t span = int64_t{kernel - 1} * dilation + 1;
  // The padding before is shorter than the kernel.
  const int64_t padded_width = std::max(width + span, (dst_width - 1) * stride + span);
  return span * padded_width * std::max<int64_t>(1, vectors) * lanes;
}

int64_t matrix_block_pixels(int64_t channels) {
  constexpr int64_t kCacheFloats = 64 * 1024, kLeast = 42;
  return std::max(kLeast, kCacheFloats / channels);
}

int64_t matrix_scratch_floats(int64_t channels, int lanes) {
  return matrix_block_pixels(channels) * (channels + lanes);
}

int64_t winograd_num_tiles(int64_t num_frames, int64_t height, int64_t width, int dilation,
                           int outputs) {
  const auto tiles = [&](int64_t length) {
    const int64_t interleaved = (length + dilation - 1) / dilation;
    return (interleaved + outputs - 1) / outputs;
  };
  return num_frames * dilation * dilation * tiles(height) * tiles(width);
}

int64_t winograd_scratch_floats(int outputs, int64_t channels, int64_t tile_capacity, int lanes) {
  // One vector more per frequency, see frequency_stride() of the kernels.
  return int64_t{outputs + 2} * (outputs + 2) * (channels * tile_capacity + lanes);
}

}  // namespace posse::cpu
