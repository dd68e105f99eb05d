/// Puts a Graph together node by node; used by the families and by tests of single operators.
#pragma once

#include <string>

#include "network/graph.h"

namespace posse {

/// What a convolution does, besides its channels.
struct ConvOptions {
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  PaddingRule padding = PaddingRule::same;
};

/// Names of a batch norm's variables are `scope` + "/gamma", "/beta", "/moving_mean" and
/// "/moving_variance".
struct BatchNormOptions {
  double epsilon = 1e-3;
  BatchNormMode mode = BatchNormMode::moving;
};

/// Appends nodes to a graph whose node 0 is the input picture. Node names must be new.
class GraphBuilder {
 public:
  GraphBuilder();

  NodeId input() const { return 0; }
  NodeId conv2d(std::string name, NodeId from, int channels, const ConvOptions& options,
                std::string weights, std::string bias = {});
  NodeId depthwise_conv2d(std::string name, NodeId from, const ConvOptions& options,
                          std::string weights);
  /// `bias` may be empty.
  NodeId conv2d_transpose(std::string name, NodeId from, int channels, int kernel, int stride,
                          std::string weights, std::string bias,
                          PaddingRule padding = PaddingRule::same);
  NodeId batch_norm(std::string name, NodeId from, const std::string& scope,
                    const BatchNormOptions& options);
  /// Norms with the variables' names of torch: `scope` + ".weight" and ".bias", and of the batch
  /// norm, which takes the stored statistics, ".running_mean" and ".running_var".
  NodeId torch_batch_norm(std::string name, NodeId from, const std::string& scope, double epsilon);
  NodeId torch_group_norm(std::string name, NodeId from, const std::string& scope, int groups,
                          double epsilon);
  NodeId activation(std::string name, NodeId from, Activation kind);
  NodeId add(std::string name, NodeId first, NodeId second);
  NodeId max_pool(std::string name, NodeId from, int kernel, int stride, PaddingRule padding);
  NodeId subsample(std::string name, NodeId from, int stride);
  NodeId global_mean(std::string name, NodeId from);
  /// `map` [height, width, c] times `factor` [1, 1, c].
  NodeId multiply(std::string name, NodeId map, NodeId factor);
  NodeId pixel_shuffle(std::string name, NodeId from, int factor);
  NodeId resize(std::string name, NodeId from, Extent extent, bool antialias = false);
  NodeId concat(std::string name, std::vector<NodeId> from);

  int channels(NodeId node) const { return graph_.nodes.at(static_cast<size_t>(node)).channels; }
  Graph& graph() { return graph_; }
  /// The graph; the builder is empty afterwards.
  Graph take() { return std::move(graph_); }

 private:
  NodeId append(Node node);
  Graph graph_;
};

}  // namespace posse
