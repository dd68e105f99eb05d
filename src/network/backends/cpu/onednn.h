/// Wraps oneDNN's convolutions, which is all that posse asks of it. onednn.cc alone sees its API,
/// which changed between 2.x and 3.x; both are supported.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "network/graph.h"

namespace posse::cpu {

/// How maps lie in memory. oneDNN's fast float32 kernels want channels_last with AVX-512 (its other
/// layouts are slower there) and blocks of 8 channels with AVX2 (where it has only a plain loop for
/// channels_last, a hundred times slower).
enum class MapFormat { channels_last, blocked8 };

struct ConvolutionShape {
  /// Channels padded to whole vectors; 3 in: a picture.
  int64_t in_channels = 0, out_channels = 0;
  int64_t in_height = 0, in_width = 0, out_height = 0, out_width = 0;
  int kernel = 1, stride = 1, dilation = 1;
  PaddingAmount rows, cols;
  bool has_bias = false;
  /// dst = activation(convolution + bias + dst): dst holds the other side of a sum.
  bool add_to_dst = false;
  Activation activation = Activation::none;
  MapFormat format = MapFormat::channels_last;
  bool operator==(const ConvolutionShape&) const = default;
};

/// Weights in the order that a oneDNN kernel reads them.
class PackedWeights {
 public:
  virtual ~PackedWeights() = default;
  virtual int64_t num_bytes() const = 0;
};

/// A convolution of one frame, compiled for its shape. run() is const and thread-safe.
class OneDnnConvolution {
 public:
  virtual ~OneDnnConvolution() = default;
  /// From [out, in, kernel, kernel], both channel counts padded.
  virtual std::unique_ptr<PackedWeights> pack(std::span<const float> weights) const = 0;
  /// From weights packed for another shape; nullptr if they fit as they are.
  virtual std::unique_ptr<PackedWeights> repack(const PackedWeights& weights) const = 0;
  /// src: a map of `format`, or a picture (see picture_is_planar). scratch: scratch_bytes().
  virtual void run(const float* src, const PackedWeights& weights, const float* bias, float* dst,
                   void* scratch) const = 0;
  virtual int64_t scratch_bytes() const = 0;
  /// oneDNN's name of the kernel it chose, such as "brgconv_1x1:avx512_core".
  virtual std::string implementation() const = 0;
};

/// @param threads  that run() will use.
std::unique_ptr<OneDnnConvolution> make_convolution(const ConvolutionShape& shape, int threads);

/// Whether convolutions of this format have an optimised kernel on this machine.
bool onednn_is_fast(MapFormat format);

/// Whether a three-channel picture lies as [3, height, width] (else [height, width, 3]).
bool picture_is_planar(MapFormat format);

/// Sets the number of threads oneDNN uses on the calling thread, and puts it back in the end.
class OneDnnThreads {
 public:
  explicit OneDnnThreads(int threads);
  ~OneDnnThreads();
  OneDnnThreads(const OneDnnThreads&) = delete;
  OneDnnThreads& operator=(const OneDnnThreads&) = delete;

 private:
  int before_;
};

/// "2.6.3"
std::string onednn_version();

}  // namespace posse::cpu
