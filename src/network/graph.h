/// A pose network as a small typed graph: what to compute, not how. Backends (backends/*) turn it
/// into something that runs.
///
/// To add a family: detect its variables in architecture.cc, build the nodes with GraphBuilder in
/// <family>.cc, prove it in <family>_test.cc against goldens or a plain double implementation, and
/// list it in docs/networks.md.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/tensor.h"

namespace posse {

enum class Activation { none, relu, relu6, swish, sigmoid };

/// How much zero padding, for input length n, kernel k, stride s, dilation d, ke = (k-1)d+1 (spec
/// of TensorFlow):
enum class PaddingRule {
  same,       ///< out = ceil(n/s), total = max((out-1)s + ke - n, 0), the smaller half before
  slim_same,  ///< tf_slim conv2d_same: s > 1 pads (ke-1)/2 before and the rest after, then valid; s
              ///< == 1: same
  valid,
};

enum class BatchNormMode {
  moving,  ///< stored moving mean and variance: can be folded into the convolution before
  frame,   ///< mean and biased variance of the frame itself over height and width: what DLC's
           ///< MobileNets do
};

enum class OpKind {
  input,   ///< uint8 RGB picture minus mean_pixel, times 1/input_scale: [height, width, 3]
  conv2d,  ///< weights [kh, kw, in, out], bias optional
  depthwise_conv2d,  ///< weights [kh, kw, channels, 1]
  conv2d_transpose,  ///< weights [kh, kw, out, in], padding same, bias
  batch_norm,        ///< gamma, beta, moving_mean, moving_variance, epsilon, mode
  activation,
  add,          ///< two inputs of one shape
  max_pool,     ///< padding counts as -inf
  subsample,    ///< rows and columns 0, s, 2s, ...
  global_mean,  ///< [height, width, c] -> [1, 1, c]
  multiply,     ///< [height, width, c] times [1, 1, c]
};

using NodeId = int;

/// One operation. Nodes are stored in an order in which inputs come before their users.
struct Node {
  OpKind kind = OpKind::input;
  std::string name;  ///< as in the endpoint lists: "conv1", "block1/unit_1", ...; unique
  std::vector<NodeId> inputs;
  int channels = 0;  ///< of the output
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  PaddingRule padding = PaddingRule::same;
  Activation activation = Activation::none;  ///< only of kind activation
  BatchNormMode batch_norm_mode = BatchNormMode::moving;
  double epsilon = 0;
  // Names of variables in Weights, empty when the op has none.
  std::string weights, bias, gamma, beta, moving_mean, moving_variance;
};

/// Output nodes and what to know about them.
struct Graph {
  std::vector<Node> nodes;  ///< node 0 is the input
  float mean_pixel[3] = {123.68F, 116.779F, 103.939F};
  float input_scale[3] = {1, 1, 1};  ///< divides after the subtraction
  NodeId scoremap_logits = -1;       ///< [h, w, bodyparts]
  NodeId locref = -1;      ///< [h, w, 2 * bodyparts], channel 2j = dx, 2j+1 = dy, in units of
                           ///< locref_stdev; -1: none
  int output_stride = 16;  ///< of the backbone
  int stride =
      8;  ///< input pixels per scoremap cell: output_stride / stride of the transposed convolution
};

/// Output height and width of a node for an input of one: the same rule for every backend.
struct Extent {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const Extent&) const = default;
};

/// Extents of all nodes for a frame of this size, in node order.
std::vector<Extent> node_extents(const Graph& graph, Extent frame);

/// Padding before and after along one axis.
struct PaddingAmount {
  int64_t before = 0;
  int64_t after = 0;
};
PaddingAmount padding_amount(PaddingRule rule, int64_t length, int kernel, int stride,
                             int dilation);

/// The variables a graph names, by name, float32.
using Weights = std::unordered_map<std::string, Tensor>;

/// @throws Error(shape_mismatch), naming variable, expected and found shape; Error(not_found) for a
/// missing one;
///         Error(bad_file) for a variable with NaN or infinite values.
void check_weights(const Graph& graph, const Weights& weights, const std::string& file);

}  // namespace posse
