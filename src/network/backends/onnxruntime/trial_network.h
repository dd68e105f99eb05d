/// A small network with the kinds of layers that pose networks have, by which devices are tried.
#pragma once

#include "network/graph.h"

namespace posse::ort {

struct TrialNetwork {
  Graph graph;
  Weights weights;
};

/// Convolutions with strides and dilation, a depthwise one, pooling, a sum, norms with stored
/// statistics, a transposed convolution; reproducible numbers.
TrialNetwork make_trial_network();

}  // namespace posse::ort
