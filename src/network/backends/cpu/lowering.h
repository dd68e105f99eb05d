/// Lowers a graph to the program that the CPU backend runs.
#pragma once

#include "network/backends/cpu/program.h"
#include "network/graph.h"

namespace posse::cpu {

/// Fuses and folds. @throws what check_weights() throws; Error(unsupported) for an operator with a
/// window of more than 16 rows.
Program lower(const Graph& graph, const Weights& weights);

}  // namespace posse::cpu
