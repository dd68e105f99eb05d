#include "network/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace {

int64_t effective_kernel(int kernel, int dilation) {
  return static_cast<int64_t>(kernel - 1) * dilation + 1;
}

int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

Extent node_extent(const Node& node, const std::vector<Extent>& extents, Extent frame) {
  if (node.kind == OpKind::input) return frame;
  const Extent in = extents.at(static_cast<size_t>(node.inputs.at(0)));
  switch (node.kind) {
    case OpKind::conv2d:
    case OpKind::depthwise_conv2d:
    case OpKind::max_pool:
      return {output_length(node.padding, in.height, node.kernel, node.stride, node.dilation),
              output_length(node.padding, in.width, node.kernel, node.stride, node.dilation)};
    case OpKind::conv2d_transpose:
      return {transpose_length(node.padding, in.height, node.kernel, node.stride),
              transpose_length(node.padding, in.width, node.kernel, node.stride)};
    case OpKind::pixel_shuffle:
      return {in.height * node.stride, in.width * node.stride};
    case OpKind::resize:
      return node.resized;
    case OpKind::subsample:
      return {ceil_div(in.height, node.stride), ceil_div(in.width, node.stride)};
    case OpKind::global_mean:
      return {1, 1};
    default:
      return in;
  }
}

Shape weights_shape(const Node& node, int64_t in) {
  const int64_t k = node.kernel;
  switch (node.kind) {
    case OpKind::conv2d:
      return {k, k, in, node.channels};
    case OpKind::depthwise_conv2d:
      return {k, k, in, 1};
    case OpKind::conv2d_transpose:
      return {k, k, node.channels, in};
    default:
      POSSE_ASSERT(false);
  }
}

const float* first_not_finite(std::span<const float> values) {
  // The whole-array pass compares bits, so that it vectorises; the search runs in the rare case.
  constexpr uint32_t kExponent = 0x7f800000;
  bool all_finite = true;
  for (const float value : values) {
    all_finite &= (std::bit_cast<uint32_t>(value) & kExponent) != kExponent;
  }
  if (all_finite) return nullptr;
  return &*std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
}

void check_variable(const Variable& wanted, const Weights& weights, const std::string& file) {
  const auto found = weights.find(wanted.name);
  if (found == weights.end()) {
    throw Error(ErrorKind::not_found, fmt::format("variable '{}' is missing in {}",
                                                  printable(wanted.name), printable(file)));
  }
  const Tensor& tensor = found->second;
  if (tensor.shape() != wanted.shape) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("variable '{}' in {} has shape {}, expected {}", printable(wanted.name),
                            printable(file), to_string(tensor.shape()), to_string(wanted.shape)));
  }
  if (const float* bad = first_not_finite(tensor.values())) {
    throw Error(ErrorKind::bad_file,
                fmt::format("variable '{}' in {} has the value {} at element {}",
                            printable(wanted.name), printable(file), *bad, bad - tensor.data()),
                {.hint = "the training of this snapshot diverged, or the file is damaged"});
  }
}

void check_variance(const std::string& name, const Weights& weights, const std::string& file) {
  const auto values = weights.at(name).values();
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return v < 0; });
  if (bad != values.end()) {
    throw Error(ErrorKind::bad_file, fmt::format("variable '{}' in {} has the negative variance {}",
                                                 printable(name), printable(file), *bad));
  }
}

}  // namespace

std::string_view to_string(BatchNormMode mode) {
  switch (mode) {
    case BatchNormMode::moving:
      return "moving";
    case BatchNormMode::frame:
      return "frame";
    case BatchNormMode::batch:
      return "batch";
  }
  POSSE_ASSERT(false);
}

std::string_view to_string(OpKind kind) {
  switch (kind) {
    case OpKind::input:
      return "input";
    case OpKind::conv2d:
      return "conv2d";
    case OpKind::depthwise_conv2d:
      return "depthwise_conv2d";
    case OpKind::conv2d_transpose:
      return "conv2d_transpose";
    case OpKind::batch_norm:
      return "batch_norm";
    case OpKind::group_norm:
      return "group_norm";
    case OpKind::activation:
      return "activation";
    case OpKind::add:
      return "add";
    case OpKind::max_pool:
      return "max_pool";
    case OpKind::subsample:
      return "subsample";
    case OpKind::global_mean:
      return "global_mean";
    case OpKind::multiply:
      return "multiply";
    case OpKind::pixel_shuffle:
      return "pixel_shuffle";
    case OpKind::resize:
      return "resize";
    case OpKind::concat:
      return "concat";
  }
  POSSE_ASSERT(false);
}

int64_t output_length(PaddingRule rule, int64_t length, int kernel, int stride, int dilation) {
  const int64_t ke = effective_kernel(kernel, dilation);
  switch (rule) {
    case PaddingRule::same:
      return ceil_div(length, stride);
    case PaddingRule::slim_same:
      return stride == 1 ? length : std::max<int64_t>(0, (length - 1) / stride + 1);
    case PaddingRule::valid:
      return length < ke ? 0 : (length - ke) / stride + 1;
  }
  POSSE_ASSERT(false);
}

PaddingAmount padding_amount(PaddingRule rule, int64_t length, int kernel, int stride,
                             int dilation) {
  const int64_t ke = effective_kernel(kernel, dilation);
  if (rule == PaddingRule::valid) return {};
  if (rule == PaddingRule::slim_same && stride > 1) {
    const int64_t before = (ke - 1) / 2;
    return {before, ke - 1 - before};
  }
  const int64_t out = ceil_div(length, stride);
  const int64_t total = std::max<int64_t>((out - 1) * stride + ke - length, 0);
  return {total / 2, total - total / 2};
}

int64_t transpose_crop(PaddingRule rule, int kernel, int stride) {
  switch (rule) {
    case PaddingRule::same:
      return std::max(kernel - stride, 0) / 2;
    case PaddingRule::slim_same:
      return (kernel - 1) / 2;
    case PaddingRule::valid:
      return 0;
  }
  POSSE_ASSERT(false);
}

int64_t transpose_length(PaddingRule rule, int64_t length, int kernel, int stride) {
  return rule == PaddingRule::valid ? (length - 1) * stride + kernel : length * stride;
}

std::vector<Extent> node_extents(const Graph& graph, Extent frame) {
  std::vector<Extent> extents;
  extents.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    extents.push_back(node_extent(node, extents, frame));
    if (extents.back().height < 1 || extents.back().width < 1) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("a frame of {}x{} pixels (width x height) is too small: nothing is "
                              "left of it at layer '{}'",
                              frame.width, frame.height, node.name));
    }
  }
  return extents;
}

NodeId find_node(const Graph& graph, std::string_view name) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.name == name; });
  return found == graph.nodes.end() ? -1 : static_cast<NodeId>(found - graph.nodes.begin());
}

std::vector<Variable> graph_variables(const Graph& graph) {
  std::vector<Variable> variables;
  std::set<std::string_view> seen;
  const auto need = [&](const std::string& name, const Shape& shape) {
    if (!name.empty() && seen.insert(name).second) variables.push_back({name, shape});
  };
  for (const Node& node : graph.nodes) {
    if (!node.weights.empty()) {
      const Node& input = graph.nodes.at(static_cast<size_t>(node.inputs.at(0)));
      need(node.weights, weights_shape(node, input.channels));
    }
    for (const std::string* name :
         {&node.bias, &node.gamma, &node.beta, &node.moving_mean, &node.moving_variance}) {
      need(*name, {node.channels});
    }
  }
  return variables;
}

void check_weights(const Graph& graph, const Weights& weights, const std::string& file) {
  for (const Variable& variable : graph_variables(graph)) check_variable(variable, weights, file);
  for (const Node& node : graph.nodes) {
    if (!node.moving_variance.empty()) check_variance(node.moving_variance, weights, file);
  }
}

}  // namespace posse
