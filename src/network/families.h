/// The backbones: each appends its layers to a graph that so far has the input only.
#pragma once

#include "network/architecture.h"
#include "network/graph_builder.h"

namespace posse {

/// A channel count scaled by a width multiplier: the nearest multiple of 8 (halves round up), at
/// least 8, and one step more where rounding would take away over a tenth. Source: _make_divisible
/// of tf_slim's mobilenet, round_filters of TensorFlow's EfficientNet.
int make_divisible(double channels);

/// ResNet v1 with the stride in the last unit of a block. Source: tf_slim nets/resnet_v1.py, with
/// the output stride handled as in nets/resnet_utils.py (stack_blocks_dense).
NodeId append_resnet(const NetworkSpec& spec, GraphBuilder& builder);

/// MobileNetV2 up to Conv_1, layer 15 with stride 1. Source: DeepLabCut's nnet/mobilenet_v2.py.
NodeId append_mobilenet_v2(const NetworkSpec& spec, GraphBuilder& builder);

/// EfficientNet up to the last block, stage 6 with stride 1. Source: DeepLabCut's efficientnet
/// backbones.
NodeId append_efficientnet(const NetworkSpec& spec, GraphBuilder& builder);

}  // namespace posse
