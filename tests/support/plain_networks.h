/// Evaluates networks in double precision straight from the papers' and programs' descriptions: a
/// second implementation that shares neither graphs, operators nor padding rules with src/network.
#pragma once

#include <cstdint>
#include <vector>

#include "network/architecture.h"

namespace posse::testing {

/// [height, width, channels], row-major.
struct PlainMap {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<double> values;

  PlainMap(int64_t h, int64_t w, int64_t c)
      : height(h), width(w), channels(c), values(static_cast<size_t>(h * w * c), 0.0) {}
  double* at(int64_t row, int64_t col) { return values.data() + (row * width + col) * channels; }
  const double* at(int64_t row, int64_t col) const {
    return values.data() + (row * width + col) * channels;
  }
};

/// Raw outputs of the two heads.
struct PlainOutput {
  PlainMap scoremap_logits;
  PlainMap locref;
};

/// Runs the network that `spec` names (family, size, batch norm mode; output stride 16, heads of
/// stride 2) on one frame.
/// @param rgb  [frame.height, frame.width, 3] bytes.
/// Source: tf_slim's resnet_v1 and mobilenet_v2, TPU's efficientnet, as DeepLabCut cuts and
/// changes them (stride 16, heads by transposed convolution).
PlainOutput evaluate_plainly(const NetworkSpec& spec, const Weights& weights,
                             const std::vector<uint8_t>& rgb, Extent frame);

}  // namespace posse::testing
