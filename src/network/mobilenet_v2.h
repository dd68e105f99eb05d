/// The backbone of MobileNetV2.
#pragma once

#include "network/architecture.h"
#include "network/graph_builder.h"

namespace posse {

/// A channel count scaled by a width multiplier: the nearest multiple of 8 (halves round up), at
/// least 8, and one step more where rounding would take away over a tenth. Source: _make_divisible
/// of tf_slim's mobilenet, round_filters of TensorFlow's EfficientNet.
int make_divisible(double channels);

/// MobileNetV2 up to Conv_1, layer 15 with stride 1. Source: DeepLabCut's nnet/mobilenet_v2.py.
NodeId append_mobilenet_v2(const NetworkSpec& spec, GraphBuilder& builder);

}  // namespace posse
