/// Loads the network and the weights of a snapshot.
#pragma once

#include "checkpoint/weight_source.h"
#include "network/architecture.h"
#include "network/graph.h"

namespace posse {

/// The network that a snapshot holds. @throws as detect_network() of its variables
NetworkSpec detect_network(const WeightSource& source);

/// The variables a graph needs, from a snapshot, checked.
/// @throws what check_weights() and WeightSource::read() throw.
Weights load_weights(const Graph& graph, const WeightSource& source);

}  // namespace posse
