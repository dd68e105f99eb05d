/// Computes the sizes of the scratch memory that kernels.h asks its callers for.
#pragma once

#include <cstdint>

namespace posse::cpu {

/// Scratch of a depthwise convolution: kernel rows of the padded input, for as many channels at a
/// time as fit the second-level cache.
int64_t depthwise_scratch_floats(int64_t width, int64_t dst_width, int64_t vectors, int lanes,
                                 int kernel, int stride, int dilation);

/// Pixels whose channels stay in the second-level cache while all weights pass by; enough of them
/// to pay for that.
int64_t matrix_block_pixels(int64_t channels);
int64_t matrix_scratch_floats(int64_t channels, int lanes);

/// Tiles of all frames.
int64_t winograd_num_tiles(int64_t num_frames, int64_t height, int64_t width, int dilation,
                           int outputs);

/// Floats of `transformed` (channels in) or `products` (channels out, rounded up to gemm_columns).
int64_t winograd_scratch_floats(int outputs, int64_t channels, int64_t tile_capacity, int lanes);

}  // namespace posse::cpu
