/// The CPU backend's own kernels, one table per instruction set (simd/instruction_set.h).
///
/// Every kernel is written once (kernels_*.inc.h) on a vector of `lanes` floats. Nothing here
/// allocates, and nothing depends on how many frames or threads there are: the same input gives the
/// same bits.
///
/// Maps are float32 with channels padded with zeros to whole vectors. A vector of channels v at
/// pixel p lies at data[p * pixel_stride + v * vector_stride], rows follow each other without gaps:
/// pixel_stride = channels, vector_stride = lanes is [height, width, channels];
/// pixel_stride = lanes, vector_stride = height * width * lanes is the blocked layout.
#pragma once

#include <cstdint>

#include "network/graph.h"
#include "simd/instruction_set.h"

namespace posse::cpu {

struct MapView {
  const float* data = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int64_t vectors = 0;  ///< of channels
  int64_t pixel_stride = 0;
  int64_t vector_stride = 0;
};

struct MutableMapView {
  float* data = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int64_t vectors = 0;
  int64_t pixel_stride = 0;
  int64_t vector_stride = 0;
  // NOLINTNEXTLINE(google-explicit-constructor): what may be written may be read
  operator MapView() const { return {data, height, width, vectors, pixel_stride, vector_stride}; }
};

/// dst = (picture - mean) / scale. The first three channels of dst; further ones are not touched.
struct PreprocessArgs {
  const uint8_t* rgb = nullptr;  ///< [height, width, 3]
  int64_t num_pixels = 0;
  const float* mean = nullptr;   ///< [3]
  const float* scale = nullptr;  ///< [3]
  float* dst = nullptr;
  int64_t pixel_stride = 0;    ///< of dst, in floats
  int64_t channel_stride = 0;  ///< of dst, in floats
};

/// dst = activation(src * scale + shift + residual); each of the three may be absent (nullptr).
struct PointwiseArgs {
  MapView src;
  MutableMapView dst;               ///< may be src
  const float* scale = nullptr;     ///< [channels]
  const float* shift = nullptr;     ///< [channels]
  const float* residual = nullptr;  ///< laid out as src
  Activation activation = Activation::none;
};

/// Batch norm with a frame's own statistics, or those of several, as scale and shift:
/// scale = gamma / sqrt(var + epsilon), shift = beta - mean * scale, var biased.
/// Sums run in float along a row, about the first frame's first pixel, and in double over the rows
/// and frames.
struct StatisticsArgs {
  MapView src;  ///< the first frame
  int64_t num_frames = 1;
  int64_t src_frame_stride = 0;
  const float* gamma = nullptr;  ///< [channels], zero in the padding
  const float* beta = nullptr;
  double epsilon = 0;
  int64_t group_channels = 0;  ///< channels that share mean and variance; 0: each has its own
  int64_t num_groups = 0;
  float* scale = nullptr;  ///< out, [channels]
  float* shift = nullptr;  ///< out, [channels]
  double* sums = nullptr;  ///< scratch, [2 * channels]
};

/// Depthwise convolution: dst = activation(sum over taps of weights * in(src) + bias), where
/// in(x) = input_activation(x * input_scale + input_shift), and zero outside the map.
struct DepthwiseArgs {
  MapView src;
  MutableMapView dst;
  int kernel = 3;
  int stride = 1;
  int dilation = 1;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
  /// [kernel * kernel, channels]
  const float* weights = nullptr;
  /// [channels] or nullptr.
  const float* bias = nullptr;
  /// [channels], or nullptr: src is taken as it is.
  const float* input_scale = nullptr;
  const float* input_shift = nullptr;
  Activation input_activation = Activation::none;
  Activation activation = Activation::none;
  /// Statistics of dst, made while it is in the cache; scale == nullptr: none wanted. src unused.
  StatisticsArgs statistics;
  /// Scratch of depthwise_scratch_floats().
  float* rows = nullptr;
};

/// Winograd convolution 3x3, stride 1, any dilation, padding `same`, for tiles
/// [first_tile, first_tile + num_tiles) of `num_frames` maps of one size. Source of the algorithm:
/// Lavin and Gray, Fast algorithms for convolutional neural networks (2016).
struct WinogradArgs {
  int outputs = 4;     ///< 4: F(4x4, 3x3); 2: F(2x2, 3x3)
  MapView src;         ///< the first frame
  MutableMapView dst;  ///< the first frame
  int64_t src_frame_stride = 0;
  int64_t dst_frame_stride = 0;
  int dilation = 1;
  int64_t first_tile = 0;
  int64_t num_tiles = 0;
  int64_t tile_capacity = 0;       ///< tiles that `transformed` and `products` have room for
  const float* weights = nullptr;  ///< of winograd_weights()
  const float* bias = nullptr;     ///< [channels out] or nullptr
  Activation activation = Activation::none;
  float* transformed = nullptr;  ///< scratch, [frequency, channels in, tile_capacity]
  float* products = nullptr;     ///< scratch, [frequency, channels out rounded up, tile_capacity]
};

/// Convolution 1x1, stride 1, of one map: dst = activation(src * weights + bias + dst).
struct MatrixArgs {
  MapView src;
  MutableMapView dst;
  const float* weights = nullptr;            ///< [panel, channels in, gemm_columns]
  const float* bias = nullptr;               ///< [channels out] or nullptr
  bool add_to_dst = false;                   ///< else dst counts as 0
  Activation activation = Activation::none;  ///< none or relu; without a sum also relu6
  float* scratch = nullptr;                  ///< matrix_scratch_floats()
};

struct PoolArgs {
  MapView src;
  MutableMapView dst;
  int kernel = 3;
  int stride = 2;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
};

struct Kernels {
  InstructionSet set;
  int lanes;
  int gemm_columns;  ///< output channels of one panel of Winograd or matrix weights
  void (*preprocess)(const PreprocessArgs&);
  void (*pointwise)(const PointwiseArgs&);
  void (*statistics)(const StatisticsArgs&);
  void (*depthwise)(const DepthwiseArgs&);
  void (*winograd)(const WinogradArgs&);
  void (*matrix)(const MatrixArgs&);
  void (*max_pool)(const PoolArgs&);
  void (*global_mean)(const MapView& src, float* dst);  ///< dst [channels], sums in double
  double (*fma_burst)(int64_t iterations);              ///< for measure_fma_peak()
};

POSSE_KERNEL_TABLE(Kernels, kKernels, kernels)

}  // namespace posse::cpu
