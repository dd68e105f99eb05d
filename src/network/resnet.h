/// The backbone of ResNets.
#pragma once

#include "network/architecture.h"
#include "network/graph_builder.h"

namespace posse {

/// ResNet v1 with the stride in the last unit of a block. Source: tf_slim nets/resnet_v1.py, with
/// the output stride handled as in nets/resnet_utils.py (stack_blocks_dense).
NodeId append_resnet(const NetworkSpec& spec, GraphBuilder& builder);

}  // namespace posse
