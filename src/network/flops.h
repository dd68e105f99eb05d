/// Counts the arithmetic of a graph.
#pragma once

#include "network/graph.h"

namespace posse {

/// Multiplications and additions of all convolutions for one frame, counted in their direct form
/// (two per weight and output position); whatever else a network does is small beside them. The
/// locref head counts only if `with_locref`.
double graph_flops(const Graph& graph, Extent frame, bool with_locref);

}  // namespace posse
