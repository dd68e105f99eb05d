#include "network/graph_builder.h"

#include <utility>

#include "base/error.h"

namespace posse {

GraphBuilder::GraphBuilder() {
  append({.kind = OpKind::input, .name = "input", .inputs = {}, .channels = 3});
}

NodeId GraphBuilder::append(Node node) {
  POSSE_ASSERT(find_node(graph_, node.name) < 0);
  const auto id = static_cast<NodeId>(graph_.nodes.size());
  for (const NodeId from : node.inputs) POSSE_ASSERT(from >= 0 && from < id);
  graph_.nodes.push_back(std::move(node));
  return id;
}

NodeId GraphBuilder::conv2d(std::string name, NodeId from, int channels, const ConvOptions& options,
                            std::string weights, std::string bias) {
  Node node{
      .kind = OpKind::conv2d, .name = std::move(name), .inputs = {from}, .channels = channels};
  node.kernel = options.kernel;
  node.stride = options.stride;
  node.dilation = options.dilation;
  node.padding = options.padding;
  node.weights = std::move(weights);
  node.bias = std::move(bias);
  return append(std::move(node));
}

NodeId GraphBuilder::depthwise_conv2d(std::string name, NodeId from, const ConvOptions& options,
                                      std::string weights) {
  Node node{.kind = OpKind::depthwise_conv2d,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.kernel = options.kernel;
  node.stride = options.stride;
  node.dilation = options.dilation;
  node.padding = options.padding;
  node.weights = std::move(weights);
  return append(std::move(node));
}

NodeId GraphBuilder::conv2d_transpose(std::string name, NodeId from, int channels, int kernel,
                                      int stride, std::string weights, std::string bias,
                                      PaddingRule padding) {
  Node node{.kind = OpKind::conv2d_transpose,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels};
  node.kernel = kernel;
  node.stride = stride;
  node.padding = padding;
  node.weights = std::move(weights);
  node.bias = std::move(bias);
  return append(std::move(node));
}

NodeId GraphBuilder::torch_batch_norm(std::string name, NodeId from, const std::string& scope,
                                      double epsilon) {
  Node node{.kind = OpKind::batch_norm,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.batch_norm_mode = BatchNormMode::moving;
  node.epsilon = epsilon;
  node.gamma = scope + ".weight";
  node.beta = scope + ".bias";
  node.moving_mean = scope + ".running_mean";
  node.moving_variance = scope + ".running_var";
  return append(std::move(node));
}

NodeId GraphBuilder::torch_group_norm(std::string name, NodeId from, const std::string& scope,
                                      int groups, double epsilon) {
  POSSE_ASSERT(groups > 0 && channels(from) % groups == 0);
  Node node{.kind = OpKind::group_norm,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.epsilon = epsilon;
  node.groups = groups;
  node.gamma = scope + ".weight";
  node.beta = scope + ".bias";
  return append(std::move(node));
}

NodeId GraphBuilder::pixel_shuffle(std::string name, NodeId from, int factor) {
  POSSE_ASSERT(factor > 0 && channels(from) % (factor * factor) == 0);
  Node node{.kind = OpKind::pixel_shuffle,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from) / (factor * factor)};
  node.stride = factor;
  return append(std::move(node));
}

NodeId GraphBuilder::resize(std::string name, NodeId from, Extent extent, bool antialias) {
  Node node{.kind = OpKind::resize,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.resized = extent;
  node.antialias = antialias;
  return append(std::move(node));
}

NodeId GraphBuilder::concat(std::string name, std::vector<NodeId> from) {
  int sum = 0;
  for (const NodeId each : from) sum += channels(each);
  return append({.kind = OpKind::concat,
                 .name = std::move(name),
                 .inputs = std::move(from),
                 .channels = sum});
}

NodeId GraphBuilder::batch_norm(std::string name, NodeId from, const std::string& scope,
                                const BatchNormOptions& options) {
  Node node{.kind = OpKind::batch_norm,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.batch_norm_mode = options.mode;
  node.epsilon = options.epsilon;
  node.gamma = scope + "/gamma";
  node.beta = scope + "/beta";
  node.moving_mean = scope + "/moving_mean";
  node.moving_variance = scope + "/moving_variance";
  return append(std::move(node));
}

NodeId GraphBuilder::activation(std::string name, NodeId from, Activation kind) {
  Node node{.kind = OpKind::activation,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.activation = kind;
  return append(std::move(node));
}

NodeId GraphBuilder::add(std::string name, NodeId first, NodeId second) {
  POSSE_ASSERT(channels(first) == channels(second));
  return append({.kind = OpKind::add,
                 .name = std::move(name),
                 .inputs = {first, second},
                 .channels = channels(first)});
}

NodeId GraphBuilder::max_pool(std::string name, NodeId from, int kernel, int stride,
                              PaddingRule padding) {
  Node node{.kind = OpKind::max_pool,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.kernel = kernel;
  node.stride = stride;
  node.padding = padding;
  return append(std::move(node));
}

NodeId GraphBuilder::subsample(std::string name, NodeId from, int stride) {
  Node node{.kind = OpKind::subsample,
            .name = std::move(name),
            .inputs = {from},
            .channels = channels(from)};
  node.stride = stride;
  return append(std::move(node));
}

NodeId GraphBuilder::global_mean(std::string name, NodeId from) {
  return append({.kind = OpKind::global_mean,
                 .name = std::move(name),
                 .inputs = {from},
                 .channels = channels(from)});
}

NodeId GraphBuilder::multiply(std::string name, NodeId map, NodeId factor) {
  POSSE_ASSERT(channels(map) == channels(factor));
  return append({.kind = OpKind::multiply,
                 .name = std::move(name),
                 .inputs = {map, factor},
                 .channels = channels(map)});
}

}  // namespace posse
