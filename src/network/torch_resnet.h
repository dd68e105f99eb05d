/// Pose networks of PyTorch's tools on a ResNet: DeepLabCut 3 and Lightning Pose.
#pragma once

#include "network/architecture.h"

namespace posse {

/// The graph of a network of the family torch_resnet, outputs included.
/// Source of the backbone: He et al., Deep residual learning (2016), with the stride in the
/// bottleneck's 3x3 convolution; output strides 8 and 16 turn the last stages' strides into
/// dilation, which their first block does not have yet (timm's resnet).
/// @throws Error(invalid_value) for a depth or stride the family does not have, heads that differ
/// in their strides, or resized frames without room for the maps.
Graph build_torch_resnet(const NetworkSpec& spec);

}  // namespace posse
