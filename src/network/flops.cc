#include "network/flops.h"

namespace posse {

double graph_flops(const Graph& graph, Extent frame, bool with_locref) {
  const std::vector<Extent> extents = node_extents(graph, frame);
  double flops = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (static_cast<NodeId>(i) == graph.locref && !with_locref) continue;
    const double taps = 2.0 * node.kernel * node.kernel;
    const double outputs =
        static_cast<double>(extents[i].height * extents[i].width) * node.channels;
    if (node.inputs.empty()) continue;
    const auto input = static_cast<size_t>(node.inputs[0]);
    const double input_channels = graph.nodes[input].channels;
    if (node.kind == OpKind::conv2d) flops += taps * outputs * input_channels;
    if (node.kind == OpKind::depthwise_conv2d) flops += taps * outputs;
    if (node.kind == OpKind::conv2d_transpose) {  // every input position meets every tap
      const double inputs = static_cast<double>(extents[input].height * extents[input].width);
      flops += taps * inputs * input_channels * node.channels;
    }
  }
  return flops;
}

}  // namespace posse
