#include "network/onnx_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "network/onnx_meaning.h"
#include "network/onnx_weights.h"

namespace posse {
namespace {

using Ints = std::vector<int64_t>;

std::vector<OnnxAttribute> window_attributes(const Node& node) {
  std::vector<OnnxAttribute> attributes = {{"kernel_shape", Ints{node.kernel, node.kernel}},
                                           {"strides", Ints{node.stride, node.stride}}};
  if (node.dilation != 1) {
    attributes.push_back({"dilations", Ints{node.dilation, node.dilation}});
  }
  if (node.stride > 1 && node.padding == PaddingRule::same) {
    POSSE_ASSERT(node.dilation == 1);  // readers of ONNX disagree on auto_pad with dilation
    attributes.push_back({"auto_pad", std::string("SAME_UPPER")});
    return attributes;
  }
  // In all other cases the padding does not depend on the length.
  constexpr int64_t kAnyLength = 1 << 20;
  const PaddingAmount pad =
      padding_amount(node.padding, kAnyLength, node.kernel, node.stride, node.dilation);
  attributes.push_back({"pads", Ints{pad.before, pad.before, pad.after, pad.after}});
  return attributes;
}

bool is_convolution(const Node& node) {
  return node.kind == OpKind::conv2d || node.kind == OpKind::depthwise_conv2d;
}

const OnnxAttribute kChannelsLast{"perm", Ints{0, 2, 3, 1}};

}  // namespace

int64_t num_exported_bodyparts(const OnnxMember& member) {
  const Graph& graph = *member.graph;
  return member.columns.empty()
             ? graph.nodes.at(static_cast<size_t>(graph.scoremap_logits)).channels
             : static_cast<int64_t>(member.columns.size());
}

OnnxMemberExport::OnnxMemberExport(const OnnxMember& member, std::string prefix, OnnxModel& model,
                                   OnnxStyle style)
    : graph_(*member.graph),
      weights_(*member.weights),
      member_(member),
      prefix_(std::move(prefix)),
      model_(model),
      style_(style),
      uses_(graph_.nodes.size(), 0) {
  for (const Node& node : graph_.nodes) {
    for (const NodeId from : node.inputs) ++uses_[static_cast<size_t>(from)];
  }
}

void OnnxMemberExport::convert(const std::string& picture) {
  for (const Node& node : graph_.nodes) values_.push_back(convert_node(node, picture));
}

bool OnnxMemberExport::is_half(NodeId id) const {
  const Node& node = node_at(id);
  switch (node.kind) {
    case OpKind::input:
    case OpKind::group_norm:
    case OpKind::resize:
      return false;
    case OpKind::batch_norm:
      return foldable_norm(node.inputs[0]) == &node && is_half(node.inputs[0]);
    default:
      return style_.half;
  }
}

std::string OnnxMemberExport::value_as(NodeId id, bool half) {
  if (is_half(id) == half) return value(id);
  const std::string name = value(id) + (half ? "/half" : "/float");
  if (casts_.insert(name).second) {
    const OnnxType type = half ? OnnxType::float16 : OnnxType::float32;
    model_.node("Cast", name, {value(id)}, {{"to", static_cast<int64_t>(type)}});
  }
  return name;
}

std::string OnnxMemberExport::input_of(const Node& node, size_t number) {
  return value_as(node.inputs.at(number), is_half(id_of(node)));
}

std::string OnnxMemberExport::constant(const std::string& name, Tensor values) {
  return style_.half ? model_.half_constant(name, values)
                     : model_.constant(name, std::move(values));
}

std::string OnnxMemberExport::picked(NodeId id, int64_t per_bodypart) {
  const std::string maps = value_as(id, false);
  // Heads of one layer have been cut to the bodyparts already.
  if (member_.columns.empty() || node_at(id).kind == OpKind::conv2d_transpose) return maps;
  Ints channels;
  for (const int column : member_.columns) {
    for (int64_t i = 0; i < per_bodypart; ++i) channels.push_back(column * per_bodypart + i);
  }
  const std::string name = value(id) + "/bodyparts";
  return model_.node("Gather", name, {maps, model_.constant(name + "/channels", channels)},
                     {{"axis", int64_t{1}}});
}

void OnnxMemberExport::add_logits(const std::string& name) {
  maps_ = picked(graph_.scoremap_logits, 1);
  const std::string logits =
      common_meaning_nodes(member_.meaning, maps_, name + "/common_meaning", model_);
  model_.node("Transpose", name, {logits}, {kChannelsLast});
}

void OnnxMemberExport::add_heatmaps(const std::string& name) {
  const std::string maps = heatmap_nodes(member_.meaning, maps_, name + "/channels_first", model_);
  model_.node("Transpose", name, {maps}, {kChannelsLast});
}

void OnnxMemberExport::add_locref(const std::string& name) {
  const std::string last = model_.node("Transpose", name + "/channels_last",
                                       {picked(graph_.locref, 2)}, {kChannelsLast});
  const int64_t bodyparts = num_exported_bodyparts(member_);
  const std::string shape =
      model_.constant(name + "/shape", Ints{0, 0, 0, bodyparts, 2});  // 0: keep
  const std::string pairs = model_.node("Reshape", name + "/pairs", {last, shape});
  const std::string stdev = model_.constant(name + "/stdev", floats({1}, {member_.locref_stdev}));
  model_.node("Mul", name, {pairs, stdev});
}

Tensor OnnxMemberExport::head_variable(const Node& node, const std::string& name) const {
  const Tensor& all = variable(name);
  const NodeId id = id_of(node);
  const bool is_head = id == graph_.scoremap_logits || id == graph_.locref;
  if (!is_head || member_.columns.empty()) return all.clone();
  return pick_bodyparts(all, name == node.bias ? 0 : 2, member_.columns,
                        id == graph_.locref ? 2 : 1);
}

const Node* OnnxMemberExport::foldable_norm(NodeId id) const {
  const auto next = static_cast<size_t>(id) + 1;
  if (uses_[static_cast<size_t>(id)] != 1 || next >= graph_.nodes.size()) return nullptr;
  const Node& node = graph_.nodes[next];
  const bool folds = node.kind == OpKind::batch_norm && node.inputs.at(0) == id &&
                     node.batch_norm_mode == BatchNormMode::moving && is_convolution(node_at(id));
  return folds ? &node : nullptr;
}

std::string OnnxMemberExport::convert_node(const Node& node, const std::string& picture) {
  const std::string name = prefix_ + node.name;
  Strings inputs;
  for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(input_of(node, i));
  switch (node.kind) {
    case OpKind::input:
      return preprocess(name, picture);
    case OpKind::conv2d:
    case OpKind::depthwise_conv2d:
      return convolution(node);
    case OpKind::conv2d_transpose:
      return transposed(node);
    case OpKind::batch_norm:
      return batch_norm(node);
    case OpKind::activation:
      return activation(node);
    case OpKind::add:
      return model_.node("Add", name, inputs);
    case OpKind::multiply:
      return model_.node("Mul", name, inputs);
    case OpKind::max_pool:
      return model_.node("MaxPool", name, inputs, window_attributes(node));
    case OpKind::subsample:
      return model_.node(
          "MaxPool", name, inputs,
          {{"kernel_shape", Ints{1, 1}}, {"strides", Ints{node.stride, node.stride}}});
    case OpKind::global_mean:
      return model_.node("GlobalAveragePool", name, inputs);
    case OpKind::group_norm:
      return group_norm(node);
    case OpKind::pixel_shuffle:
      return pixel_shuffle(node);
    case OpKind::resize:
      return resize(node);
    case OpKind::concat:
      return model_.node("Concat", name, inputs, {{"axis", int64_t{1}}});
  }
  POSSE_ASSERT(false);
}

std::string OnnxMemberExport::preprocess(const std::string& name, const std::string& picture) {
  const auto per_channel = [&](const std::string& part, const std::array<float, 3>& values) {
    return model_.constant(name + part, Tensor({1, 3, 1, 1}, values));
  };
  const bool divides = graph_.input_scale != std::array<float, 3>{1, 1, 1};
  std::string centred = model_.node("Sub", divides ? name + "/centred" : name,
                                    {picture, per_channel("/mean_pixel", graph_.mean_pixel)});
  if (!divides) return centred;
  return model_.node("Div", name, {centred, per_channel("/scale", graph_.input_scale)});
}

std::string OnnxMemberExport::convolution(const Node& node) {
  const std::string name = prefix_ + node.name;
  const bool depthwise = node.kind == OpKind::depthwise_conv2d;
  Tensor weights = spatial_last(variable(node.weights), !depthwise);
  std::vector<double> bias(static_cast<size_t>(node.channels), 0.0);
  bool has_bias = !node.bias.empty();
  if (has_bias) {
    const auto values = variable(node.bias).values();
    std::copy(values.begin(), values.end(), bias.begin());
  }
  if (const Node* norm = foldable_norm(id_of(node))) {
    const Affine affine = affine_of(*norm, weights_);
    scale_channels(affine.scale, weights);
    for (size_t c = 0; c < bias.size(); ++c) {
      bias[c] = bias[c] * affine.scale[c] + affine.offset[c];
    }
    has_bias = true;
  }
  Strings inputs = {input_of(node), constant(name + "/weights", std::move(weights))};
  if (has_bias) inputs.push_back(constant(name + "/bias", floats({node.channels}, bias)));
  std::vector<OnnxAttribute> attributes = window_attributes(node);
  if (depthwise) attributes.push_back({"group", int64_t{node.channels}});
  return model_.node("Conv", name, inputs, attributes);
}

std::string OnnxMemberExport::transposed(const Node& node) {
  const std::string name = prefix_ + node.name;
  Strings inputs = {
      input_of(node),
      constant(name + "/weights", spatial_last(head_variable(node, node.weights), true))};
  if (!node.bias.empty()) {
    inputs.push_back(constant(name + "/bias", head_variable(node, node.bias)));
  }
  const int64_t before = transpose_crop(node.padding, node.kernel, node.stride);
  // Of the full output over what is kept; the same for any length.
  const int64_t excess = node.kernel - transpose_length(node.padding, 1, node.kernel, node.stride);
  const int64_t more_after = std::max<int64_t>(excess - 2 * before, 0);
  const int64_t missing = std::max<int64_t>(2 * before - excess, 0);
  // Not all programs can crop one side more than the other, so the rest is sliced off.
  std::string full = model_.node("ConvTranspose", more_after > 0 ? name + "/full" : name, inputs,
                                 {{"kernel_shape", Ints{node.kernel, node.kernel}},
                                  {"strides", Ints{node.stride, node.stride}},
                                  {"pads", Ints{before, before, before, before}},
                                  {"output_padding", Ints{missing, missing}}});
  if (more_after <= 0) return full;
  return model_.node("Slice", name,
                     {full, model_.constant(name + "/starts", Ints{0, 0}),
                      model_.constant(name + "/ends", Ints{-more_after, -more_after}),
                      model_.constant(name + "/axes", Ints{2, 3})});
}

std::string OnnxMemberExport::batch_norm(const Node& node) {
  const NodeId from = node.inputs[0];
  if (foldable_norm(from) == &node) return value(from);
  if (node.batch_norm_mode == BatchNormMode::batch && !style_.for_runtime) {
    throw Error(ErrorKind::unsupported,
                "a network whose batch norm takes the statistics of several frames together "
                "cannot be exported: ONNX knows those of each frame, and stored ones",
                {.hint = "export it with --batch-norm frame or moving"});
  }
  const std::string name = prefix_ + node.name;
  const auto parameter = [&](const std::string& part, const std::string& from_variable) {
    return model_.constant(name + part, variable(from_variable).clone());
  };
  const OnnxAttribute epsilon{"epsilon", static_cast<float>(node.epsilon)};
  Strings inputs = {input_of(node), parameter("/gamma", node.gamma), parameter("/beta", node.beta)};
  if (node.batch_norm_mode == BatchNormMode::frame) {
    return model_.node("InstanceNormalization", name, inputs, {epsilon});
  }
  if (node.batch_norm_mode == BatchNormMode::batch) return norm_over_batch(node, inputs, epsilon);
  inputs.push_back(parameter("/mean", node.moving_mean));
  inputs.push_back(parameter("/variance", node.moving_variance));
  return model_.node("BatchNormalization", name, inputs, {epsilon});
}

/// All frames of the call as one frame, which ONNX normalises with its own statistics.
/// @param inputs  maps [frames, c, h, w], gamma, beta
std::string OnnxMemberExport::norm_over_batch(const Node& node, const Strings& inputs,
                                              const OnnxAttribute& epsilon) {
  const std::string name = prefix_ + node.name;
  const OnnxAttribute swap{"perm", Ints{1, 0, 2, 3}};
  const std::string by_channel =
      model_.node("Transpose", name + "/by_channel", {inputs[0]}, {swap});
  const std::string row =
      model_.node("Reshape", name + "/row",
                  {by_channel, model_.constant(name + "/row/shape", Ints{1, node.channels, -1})});
  const std::string normed = model_.node("InstanceNormalization", name + "/normed",
                                         {row, inputs[1], inputs[2]}, {epsilon});
  const std::string maps =
      model_.node("Reshape", name + "/maps",
                  {normed, model_.node("Shape", name + "/maps/shape", {by_channel})});
  return model_.node("Transpose", name, {maps}, {swap});
}

std::string OnnxMemberExport::activation(const Node& node) {
  const std::string name = prefix_ + node.name;
  const std::string from = input_of(node);
  switch (node.activation) {
    case Activation::none:
      return from;
    case Activation::relu:
      return model_.node("Relu", name, {from});
    case Activation::relu6:
      if (model_.opset().version > kOldestOpset.version) {
        return model_.node("Clip", name,
                           {from, constant(name + "/min", floats({}, {0})),
                            constant(name + "/max", floats({}, {6}))});
      }
      return model_.node("Clip", name, {from}, {{"min", 0.0F}, {"max", 6.0F}});
    case Activation::sigmoid:
      return model_.node("Sigmoid", name, {from});
    case Activation::swish:
      return model_.node("Mul", name, {from, model_.node("Sigmoid", name + "/sigmoid", {from})});
  }
  POSSE_ASSERT(false);
}

/// Each group as one channel of a row of numbers, which ONNX normalises per channel.
std::string OnnxMemberExport::group_norm(const Node& node) {
  const std::string name = prefix_ + node.name;
  const std::string from = input_of(node);
  const std::vector<double> ones(static_cast<size_t>(node.groups), 1);
  const std::vector<double> zeros(static_cast<size_t>(node.groups), 0);
  const auto per_channel = [&](const std::string& part, const std::string& from_variable) {
    return model_.constant(name + part,
                           Tensor({1, node.channels, 1, 1}, variable(from_variable).values()));
  };
  const std::string rows =
      model_.node("Reshape", name + "/groups",
                  {from, model_.constant(name + "/groups/shape", Ints{0, node.groups, -1})});
  const std::string normed =
      model_.node("InstanceNormalization", name + "/normed",
                  {rows, model_.constant(name + "/ones", floats({node.groups}, ones)),
                   model_.constant(name + "/zeros", floats({node.groups}, zeros))},
                  {{"epsilon", static_cast<float>(node.epsilon)}});
  const std::string maps = model_.node(
      "Reshape", name + "/maps", {normed, model_.node("Shape", name + "/maps/shape", {from})});
  const std::string scaled =
      model_.node("Mul", name + "/scaled", {maps, per_channel("/gamma", node.gamma)});
  return model_.node("Add", name, {scaled, per_channel("/beta", node.beta)});
}

std::string OnnxMemberExport::pixel_shuffle(const Node& node) {
  return model_.node("DepthToSpace", prefix_ + node.name, {input_of(node)},
                     {{"blocksize", int64_t{node.stride}}, {"mode", std::string("CRD")}});
}

std::string OnnxMemberExport::resize(const Node& node) {
  const std::string name = prefix_ + node.name;
  if (node.antialias && !style_.for_runtime) {
    throw Error(ErrorKind::unsupported,
                fmt::format("'{}' is antialiased, which cannot be exported", name),
                {.hint = "--resize float exports the resize, linear or cubic leave it to you"});
  }
  const std::string from = input_of(node);
  const std::string frames_and_channels = model_.node(
      "Slice", name + "/frames_and_channels",
      {model_.node("Shape", name + "/shape", {from}), model_.constant(name + "/starts", Ints{0}),
       model_.constant(name + "/ends", Ints{2})});
  const std::string sides =
      model_.constant(name + "/sides", Ints{node.resized.height, node.resized.width});
  const std::string sizes =
      model_.node("Concat", name + "/sizes", {frames_and_channels, sides}, {{"axis", int64_t{0}}});
  std::vector<OnnxAttribute> attributes = {
      {"mode", std::string("linear")},
      {"coordinate_transformation_mode", std::string("half_pixel")}};
  if (node.antialias) {
    attributes.push_back({"antialias", int64_t{1}});
    attributes.push_back({"exclude_outside", int64_t{1}});  // a cell at the edge, of what is inside
  }
  return model_.node("Resize", name, {from, "", "", sizes}, attributes);
}

}  // namespace posse
