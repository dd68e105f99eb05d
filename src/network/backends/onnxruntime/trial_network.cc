#include "network/backends/onnxruntime/trial_network.h"

#include <cmath>
#include <random>
#include <string_view>

#include "network/graph_builder.h"

namespace posse::ort {
namespace {

/// Numbers that keep activations of order 1.
Tensor numbers_for(const Variable& variable, std::mt19937& random) {
  Tensor tensor(variable.shape);
  const std::string_view name = variable.name;
  const bool is_scale = name.ends_with("gamma") || name.ends_with("variance");
  const bool is_offset = variable.shape.size() == 1 && !is_scale;
  double fan_in = 1;
  for (size_t axis = 0; axis + 1 < variable.shape.size(); ++axis) {
    fan_in *= static_cast<double>(variable.shape[axis]);
  }
  const double size = is_offset ? 0.1 : std::sqrt(3 / fan_in);
  for (float& value : tensor.values()) {
    const double unit = static_cast<double>(random()) / 2147483648.0 - 1;
    value = static_cast<float>(is_scale ? 1 + 0.2 * unit : size * unit);
  }
  return tensor;
}

}  // namespace

TrialNetwork make_trial_network() {
  GraphBuilder b;
  b.graph().input_scale = {64, 64, 64};
  NodeId x = b.conv2d("conv1", b.input(), 16, {.kernel = 7, .stride = 2}, "conv1/weights");
  x = b.activation("relu1", b.batch_norm("norm1", x, "norm1", {}), Activation::relu);
  x = b.max_pool("pool1", x, 3, 2, PaddingRule::same);
  const NodeId from = b.conv2d("wide", x, 32, {}, "wide/weights", "wide/biases");
  NodeId y = b.depthwise_conv2d("dw", from, {.kernel = 3, .dilation = 2}, "dw/depthwise_weights");
  y = b.activation("relu2", b.batch_norm("norm2", y, "norm2", {}), Activation::relu6);
  y = b.conv2d("conv2", y, 32, {.kernel = 3}, "conv2/weights", "conv2/biases");
  x = b.activation("relu3", b.add("sum", from, y), Activation::relu);
  b.graph().scoremap_logits =
      b.conv2d_transpose("score_head", x, 3, 3, 2, "score/weights", "score/biases");
  b.graph().locref =
      b.conv2d_transpose("locref_head", x, 6, 3, 2, "locref/weights", "locref/biases");
  b.graph().output_stride = 4;
  b.graph().stride = 2;
  TrialNetwork network{.graph = b.take(), .weights = {}};
  std::mt19937 random(3);
  for (const Variable& variable : graph_variables(network.graph)) {
    network.weights[variable.name] = numbers_for(variable, random);
  }
  return network;
}

}  // namespace posse::ort
