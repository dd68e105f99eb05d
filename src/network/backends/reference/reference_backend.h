/// The plain backend: every operator as its definition says, one after the other, on one thread.
/// It is the measure of all other backends, so it favours being obviously right over being fast.
#pragma once

#include <cstdint>
#include <vector>

#include "network/backend.h"

namespace posse {

/// Named "reference"; runs on every machine.
const Backend& reference_backend();

/// Outputs of all nodes for one frame, in node order, each [height, width, channels]. Every
/// operator reads float32, sums in float64 and rounds once to float32.
/// @param rgb  [frame.height, frame.width, 3] bytes.
/// @throws what check_weights() and node_extents() throw.
std::vector<Tensor> evaluate_all_nodes(const Graph& graph, const Weights& weights,
                                       const uint8_t* rgb, Extent frame);

}  // namespace posse
