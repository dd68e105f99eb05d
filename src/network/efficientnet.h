/// The backbone of EfficientNets.
#pragma once

#include "network/architecture.h"
#include "network/graph_builder.h"

namespace posse {

/// EfficientNet up to the last block, stage 6 with stride 1. Source: DeepLabCut's efficientnet
/// backbones.
NodeId append_efficientnet(const NetworkSpec& spec, GraphBuilder& builder);

}  // namespace posse
