/// From a snapshot to its network and its weights.
#pragma once

#include "checkpoint/checkpoint.h"
#include "network/architecture.h"
#include "network/graph.h"

namespace posse {

/// The network that a snapshot holds. @throws as detect_network() of its variables
NetworkSpec detect_network(const Checkpoint& checkpoint);

/// The variables a graph needs, from a snapshot, checked.
/// @throws what check_weights() and Checkpoint::tensor() throw.
Weights load_weights(const Graph& graph, const Checkpoint& checkpoint);

}  // namespace posse
