/// A pose network as a small typed graph: what to compute, not how. Backends (backends/*) turn it
/// into something that runs.
///
/// To add a family:
///  1. detect its variables in architecture.cc and give its numbers a place in NetworkSpec;
///  2. build the nodes with GraphBuilder in <family>.cc and call that from build_graph();
///  3. prove it in golden_networks_test.cc against goldens, or in network_agreement_test.cc
///     against a plain double implementation;
///  4. list it in docs/networks.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/tensor.h"

namespace posse {

enum class Activation { none, relu, relu6, swish, sigmoid };

/// How much zero padding, for input length n, kernel k, stride s, dilation d, ke = (k-1)d+1.
/// Source: TensorFlow's "SAME" and "VALID"; conv2d_same of tf_slim's resnet_utils, which is also
/// torch's padding of (ke-1)/2 where ke is odd.
/// Of a transposed convolution it says which part of the full output of (n-1)s + k cells is kept:
/// n s of them from max(k-s, 0)/2 on (same) or from (k-1)/2 on (slim_same, torch's padding of
/// (k-1)/2 with output_padding s-1), or all (valid).
enum class PaddingRule {
  same,       ///< out = ceil(n/s), total = max((out-1)s + ke - n, 0), the smaller half before
  slim_same,  ///< s > 1: (ke-1)/2 before, the rest of ke-1 after, then valid; s == 1: as same
  valid,      ///< none
};

enum class BatchNormMode {
  moving,  ///< stored moving mean and variance: can be folded into the convolution before
  frame,   ///< mean and biased variance of the frame itself, over height and width
  batch,   ///< of all frames that are run together: results depend on which these are
};

/// "moving", "frame", "batch"
std::string_view to_string(BatchNormMode mode);

enum class OpKind {
  /// (uint8 RGB - mean_pixel) / input_scale: [height, width, 3].
  input,
  /// Weights [kh, kw, in, out], bias optional; padding adds zeros.
  conv2d,
  /// Weights [kh, kw, channels, 1]; padding adds zeros.
  depthwise_conv2d,
  /// Weights [kh, kw, out, in], bias optional.
  conv2d_transpose,
  /// Uses gamma, beta, moving_mean, moving_variance, epsilon and the mode.
  batch_norm,
  /// Uses gamma, beta and epsilon, with mean and biased variance of the frame over height, width
  /// and the channels of a group, which lie side by side.
  group_norm,
  activation,
  /// Two inputs of one shape.
  add,
  /// Padding counts as -inf.
  max_pool,
  /// Keeps rows and columns 0, s, 2s, ...
  subsample,
  /// [height, width, c] to [1, 1, c].
  global_mean,
  /// [height, width, c] times [1, 1, c], in this order.
  multiply,
  /// [h, w, c s s] -> [h s, w s, c]: channel (o s + a) s + b of a cell becomes channel o of the
  /// cell a rows below and b columns right of its first (torch's PixelShuffle)
  pixel_shuffle,
  /// to `resized` cells, each side by itself: linear between cells, whose centres lie at half
  /// pixels, the outermost ones continued (torch's interpolate, bilinear). With `antialias` a
  /// cell is the mean of all it covers where the map becomes smaller, weighted by a triangle
  resize,
  /// Inputs of one size, channels behind one another.
  concat,
};

/// "conv2d", "batch_norm", ...: the enumerator's own name.
std::string_view to_string(OpKind kind);

/// Height and width of a node's output.
struct Extent {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const Extent&) const = default;
};

using NodeId = int;

/// One operation. Nodes are stored in an order in which inputs come before their users.
struct Node {
  OpKind kind = OpKind::input;
  /// Unique. A layer's last node has the layer's name ("conv1", "block1/unit_1", "blocks_3"), its
  /// other nodes are named below it ("conv1/conv").
  std::string name;
  std::vector<NodeId> inputs;
  /// Channels of the output.
  int channels = 0;
  /// Side length of the kernel.
  int kernel = 1;
  /// Stride; of a conv2d_transpose or pixel_shuffle, output cells per input cell.
  int stride = 1;
  int dilation = 1;
  PaddingRule padding = PaddingRule::same;
  /// The activation, of a node of that kind only.
  Activation activation = Activation::none;
  BatchNormMode batch_norm_mode = BatchNormMode::moving;
  double epsilon = 0;
  /// Groups of a group_norm.
  int groups = 1;
  /// Size that a resize gives.
  Extent resized;
  /// True: a resize is antialiased.
  bool antialias = false;
  // Names of variables in Weights, empty when the op has none.
  std::string weights, bias, gamma, beta, moving_mean, moving_variance;
};

/// Output nodes and what to know about them.
struct Graph {
  /// Nodes; node 0 is the input.
  std::vector<Node> nodes;
  std::array<float, 3> mean_pixel = {123.68F, 116.779F, 103.939F};
  /// What a value is divided by after the subtraction.
  std::array<float, 3> input_scale = {1, 1, 1};
  /// [h, w, bodyparts]
  NodeId scoremap_logits = -1;
  /// [h, w, 2 * bodyparts], channel 2j = dx, 2j+1 = dy, in units of locref_stdev; -1: none
  NodeId locref = -1;
  /// Input pixels per cell of the backbone's last layer.
  int output_stride = 16;
  /// Input pixels per scoremap cell: output_stride / stride of the head.
  int stride = 8;
};

/// Extents of all nodes for a frame of this size, in node order: the same rule for every backend.
/// @throws Error(shape_mismatch) if the frame is empty, or too small for a node.
std::vector<Extent> node_extents(const Graph& graph, Extent frame);

/// Zeros before and after along one axis.
struct PaddingAmount {
  int64_t before = 0;
  int64_t after = 0;
  bool operator==(const PaddingAmount&) const = default;
};

/// Padding of a convolution or pool along an axis of `length` cells.
PaddingAmount padding_amount(PaddingRule rule, int64_t length, int kernel, int stride,
                             int dilation);

/// Number of output cells of a convolution or pool along an axis of `length` cells; 0 if none fits.
int64_t output_length(PaddingRule rule, int64_t length, int kernel, int stride, int dilation);

/// Cells cut from the start of a transposed convolution's full output (see PaddingRule).
int64_t transpose_crop(PaddingRule rule, int kernel, int stride);

/// Cells of a transposed convolution's output along an axis of `length` cells.
int64_t transpose_length(PaddingRule rule, int64_t length, int kernel, int stride);

/// The node of that name; -1 if there is none.
NodeId find_node(const Graph& graph, std::string_view name);

/// A variable that a graph needs.
struct Variable {
  std::string name;
  Shape shape;
};

/// All variables the graph names, each once, in the order of their first use.
std::vector<Variable> graph_variables(const Graph& graph);

/// The variables a graph names, by name, float32.
using Weights = std::unordered_map<std::string, Tensor>;

/// @param file  where the weights came from, for messages.
/// @throws Error(not_found) for a missing variable; Error(shape_mismatch), naming variable,
/// expected and found shape; Error(bad_file) for a variable with NaN or infinite values, or a
/// negative moving variance.
void check_weights(const Graph& graph, const Weights& weights, const std::string& file);

}  // namespace posse
