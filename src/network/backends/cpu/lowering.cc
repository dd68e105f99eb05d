#include "network/backends/cpu/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace posse::cpu {
namespace {

/// Walks the graph once; each node is either fused into a step or becomes one.
class Lowering {
 public:
  Lowering(const Graph& graph, const Weights& weights)
      : graph_(graph),
        weights_(weights),
        value_of_(graph.nodes.size(), -1),
        fused_(graph.nodes.size(), false),
        num_users_(graph.nodes.size(), 0) {
    for (const Node& node : graph.nodes) {
      for (const NodeId from : node.inputs) ++num_users_[index(from)];
    }
    for (const NodeId head : {graph.scoremap_logits, graph.locref}) {
      if (head >= 0) ++num_users_[index(head)];
    }
  }

  Program run() {
    for (NodeId id = 0; id < static_cast<NodeId>(graph_.nodes.size()); ++id) {
      if (!fused_[index(id)]) lower_node(id);
    }
    add_head(graph_.scoremap_logits, Head::scoremap_logits);
    if (graph_.locref >= 0) add_head(graph_.locref, Head::locref);
    return std::move(program_);
  }

 private:
  static size_t index(NodeId id) { return static_cast<size_t>(id); }
  const Node& node(NodeId id) const { return graph_.nodes.at(index(id)); }
  const Tensor& variable(const std::string& name) const { return weights_.at(name); }

  ValueId new_value(Value::Kind kind, NodeId id) {
    program_.values.push_back({kind, node(id).channels, id});
    return static_cast<ValueId>(program_.values.size()) - 1;
  }

  /// The one node that reads `id`, if there is exactly one and it is of this kind; else -1.
  NodeId only_user(NodeId id, OpKind kind) const {
    if (num_users_[index(id)] != 1) return -1;
    for (NodeId user = id + 1; user < static_cast<NodeId>(graph_.nodes.size()); ++user) {
      const auto& inputs = node(user).inputs;
      if (std::find(inputs.begin(), inputs.end(), id) == inputs.end()) continue;
      return node(user).kind == kind ? user : -1;
    }
    return -1;
  }

  void lower_node(NodeId id) {
    const Node& n = node(id);
    switch (n.kind) {
      case OpKind::input:
        return lower_input(id);
      case OpKind::conv2d:
      case OpKind::depthwise_conv2d:
        return lower_convolution(id);
      case OpKind::conv2d_transpose:
        return lower_transpose(id);
      case OpKind::batch_norm:
      case OpKind::group_norm:
        return lower_norm(id);
      case OpKind::activation:
      case OpKind::add:
        return lower_pointwise(id);
      case OpKind::max_pool:
        return lower_simple(id, StepKind::max_pool);
      case OpKind::subsample:
        return lower_simple(id, StepKind::subsample);
      case OpKind::global_mean:
        return lower_simple(id, StepKind::global_mean);
      case OpKind::multiply:
        return lower_simple(id, StepKind::multiply);
      case OpKind::pixel_shuffle:
        return lower_simple(id, StepKind::pixel_shuffle);
      case OpKind::resize:
        return lower_resize(id);
      case OpKind::concat:
        return lower_concat(id);
    }
  }

  Step step_of(NodeId id, StepKind kind) const {
    const Node& n = node(id);
    Step step{.kind = kind, .name = n.name};
    if (!n.inputs.empty()) step.input = value_of_[index(n.inputs[0])];
    step.kernel = n.kernel;
    step.stride = n.stride;
    step.dilation = n.dilation;
    step.padding = n.padding;
    step.channels = n.channels;
    if (n.kernel > 16) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("layer '{}' has a {} x {} window; the cpu backend goes to 16 x 16",
                              n.name, n.kernel, n.kernel));
    }
    return step;
  }

  void lower_input(NodeId id) {
    // A first convolution reads three channels as they are; anything else wants whole vectors.
    bool as_picture = num_users_[index(id)] > 0;
    for (NodeId user = id + 1; user < static_cast<NodeId>(graph_.nodes.size()); ++user) {
      const Node& n = node(user);
      const bool reads = std::find(n.inputs.begin(), n.inputs.end(), id) != n.inputs.end();
      const bool takes_picture =
          n.kind == OpKind::conv2d || (n.kind == OpKind::resize && only_convolutions_read(user));
      if (reads && !takes_picture) as_picture = false;
    }
    Step step = step_of(id, StepKind::preprocess);
    step.output = new_value(as_picture ? Value::Kind::picture : Value::Kind::map, id);
    value_of_[index(id)] = step.output;
    program_.steps.push_back(std::move(step));
  }

  bool only_convolutions_read(NodeId id) const {
    bool read = false;
    for (const Node& user : graph_.nodes) {
      if (std::find(user.inputs.begin(), user.inputs.end(), id) == user.inputs.end()) continue;
      if (user.kind != OpKind::conv2d) return false;
      read = true;
    }
    return read && id != graph_.scoremap_logits && id != graph_.locref;
  }

  void lower_resize(NodeId id) {
    Step step = step_of(id, StepKind::resize);
    step.resized = node(id).resized;
    step.antialias = node(id).antialias;
    const Value::Kind kind = program_.values[index(step.input)].kind;  // a picture stays one
    // Most pixels of a large picture are never looked at.
    const bool reads_frames = kind == Value::Kind::picture && !step.antialias &&
                              program_.steps.size() == 1 && num_users_of(step.input) == 1;
    if (reads_frames) {
      program_.steps.pop_back();
      step.input = -1;
    }
    step.output = new_value(kind, id);
    value_of_[index(id)] = step.output;
    program_.steps.push_back(std::move(step));
  }

  void lower_concat(NodeId id) {
    Step step = step_of(id, StepKind::concat);
    for (const NodeId from : node(id).inputs) step.parts.push_back(value_of_[index(from)]);
    finish(std::move(step), id);
  }

  // ---- convolutions ------------------------------------------------------------------------

  void lower_convolution(NodeId id) {
    const Node& n = node(id);
    const bool depthwise = n.kind == OpKind::depthwise_conv2d;
    Step step = step_of(id, depthwise ? StepKind::depthwise : StepKind::convolution);
    step.weights = depthwise ? depthwise_weights(n) : convolution_weights(n);
    step.weights_in = node(n.inputs[0]).channels;
    if (!n.bias.empty()) {
      const auto values = variable(n.bias).values();
      step.bias.assign(values.begin(), values.end());
    }
    NodeId last = id;
    if (const NodeId norm = only_user(last, OpKind::batch_norm); norm >= 0) {
      if (node(norm).batch_norm_mode == BatchNormMode::moving) {
        fold(node(norm), step);
        fused_[index(norm)] = true;
        last = norm;
      }
    }
    if (!depthwise) last = fuse_addition(last, step);
    last = fuse_activation(last, step);
    if (depthwise) take_over_input_norm(step);
    finish(std::move(step), last);
  }

  /// [k, k, in, out] to [out, in, k, k].
  Tensor convolution_weights(const Node& n) const {
    const Tensor& from = variable(n.weights);
    const int64_t taps = from.dim(0) * from.dim(1), in = from.dim(2), out = from.dim(3);
    Tensor to({out, in, from.dim(0), from.dim(1)});
    constexpr int64_t kBlock = 16;  // both sides move through whole cache lines
    for (int64_t first = 0; first < out; first += kBlock) {
      const int64_t end = std::min(out, first + kBlock);
      for (int64_t i = 0; i < in; ++i) {
        for (int64_t t = 0; t < taps; ++t) {
          const float* row = from.data() + (t * in + i) * out;
          for (int64_t o = first; o < end; ++o) to.data()[(o * in + i) * taps + t] = row[o];
        }
      }
    }
    return to;
  }

  Tensor depthwise_weights(const Node& n) const {
    const Tensor& from = variable(n.weights);
    return Tensor({from.dim(0), from.dim(1), from.dim(2)}, from.values());
  }

  /// scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale, in double.
  struct Affine {
    std::vector<double> scale, shift;
  };
  Affine moving_affine(const Node& norm) const {
    const auto gamma = variable(norm.gamma).values(), beta = variable(norm.beta).values();
    const auto mean = variable(norm.moving_mean).values();
    const auto variance = variable(norm.moving_variance).values();
    Affine affine;
    for (size_t c = 0; c < gamma.size(); ++c) {
      const double scale = static_cast<double>(gamma[c]) /
                           std::sqrt(static_cast<double>(variance[c]) + norm.epsilon);
      affine.scale.push_back(scale);
      affine.shift.push_back(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * scale);
    }
    return affine;
  }

  void fold(const Node& norm, Step& step) const {
    const Affine affine = moving_affine(norm);
    const size_t channels = affine.scale.size();
    const bool depthwise = step.kind == StepKind::depthwise;
    const auto values = step.weights.values();
    const size_t per_channel = values.size() / channels;
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = depthwise ? i % channels : i / per_channel;
      values[i] = static_cast<float>(static_cast<double>(values[i]) * affine.scale[channel]);
    }
    std::vector<float> bias(channels);
    for (size_t c = 0; c < channels; ++c) {
      const double before = step.bias.empty() ? 0.0 : static_cast<double>(step.bias[c]);
      bias[c] = static_cast<float>(before * affine.scale[c] + affine.shift[c]);
    }
    step.bias = std::move(bias);
  }

  /// The sum after `last` if its other side is there already; gives the node then reached.
  NodeId fuse_addition(NodeId last, Step& step) {
    const NodeId sum = only_user(last, OpKind::add);
    if (sum < 0) return last;
    const auto& inputs = node(sum).inputs;
    const NodeId other = inputs[0] == last ? inputs[1] : inputs[0];
    if (other == last || value_of_[index(other)] < 0) return last;
    if (program_.values[index(value_of_[index(other)])].kind != Value::Kind::map) return last;
    step.residual = value_of_[index(other)];
    fused_[index(sum)] = true;
    return sum;
  }

  NodeId fuse_activation(NodeId last, Step& step) {
    const NodeId user = only_user(last, OpKind::activation);
    if (user < 0) return last;
    step.activation = node(user).activation;
    fused_[index(user)] = true;
    return user;
  }

  /// If the step's input was just made by normalising something for this step alone, the depthwise
  /// kernel does it while reading: the normalised map is never stored.
  void take_over_input_norm(Step& step) {
    if (program_.steps.empty() || num_users_of(step.input) != 1) return;
    const Step& before = program_.steps.back();
    if (before.kind != StepKind::pointwise || before.output != step.input || before.affine < 0 ||
        before.residual >= 0) {
      return;
    }
    step.affine = before.affine;
    step.input_activation = before.activation;
    step.input = before.input;
    program_.steps.pop_back();
  }

  int num_users_of(ValueId value) const {
    for (size_t id = 0; id < value_of_.size(); ++id) {
      if (value_of_[id] == value) return num_users_[id];
    }
    return 0;
  }

  void finish(Step step, NodeId last) {
    step.name = node(last).name;
    step.output = new_value(Value::Kind::map, last);
    value_of_[index(last)] = step.output;
    program_.steps.push_back(std::move(step));
  }

  /// kernel * kernel * channels columns per input cell, tap after tap, then overlap_add.
  void lower_transpose(NodeId id) {
    const Node& n = node(id);
    const Tensor& from = variable(n.weights);  // [kh, kw, out, in]
    const int64_t columns = from.dim(0) * from.dim(1) * from.dim(2), in = from.dim(3);
    Step product = step_of(id, StepKind::convolution);
    product.name = n.name + "/columns";
    product.kernel = product.stride = 1;
    product.channels = static_cast<int>(columns);
    product.weights_in = static_cast<int>(in);
    product.weights = Tensor({columns, in, 1, 1}, from.values());
    program_.values.push_back({Value::Kind::map, product.channels, n.inputs[0]});
    product.output = static_cast<ValueId>(program_.values.size()) - 1;
    Step sum = step_of(id, StepKind::overlap_add);
    sum.input = product.output;
    if (!n.bias.empty()) {
      const auto values = variable(n.bias).values();
      sum.bias.assign(values.begin(), values.end());
    }
    program_.steps.push_back(std::move(product));
    finish(std::move(sum), id);
  }

  // ---- the rest ----------------------------------------------------------------------------

  void lower_norm(NodeId id) {
    const Node& n = node(id);
    Step step = step_of(id, StepKind::pointwise);
    step.kernel = step.stride = 1;
    if (n.kind == OpKind::batch_norm && n.batch_norm_mode == BatchNormMode::moving) {
      const Affine affine = moving_affine(n);
      step.scale.assign(affine.scale.begin(), affine.scale.end());
      step.bias.assign(affine.shift.begin(), affine.shift.end());
    } else {
      step.affine = add_statistics(id, step.input);
    }
    NodeId last = fuse_addition(id, step);
    last = fuse_activation(last, step);
    finish(std::move(step), last);
  }

  /// Statistics of a map, made by the depthwise step that writes it where that is the step before
  /// and they are of each frame.
  ValueId add_statistics(NodeId id, ValueId input) {
    const Node& n = node(id);
    const ValueId affine = new_value(Value::Kind::affine, id);
    Step own = {.kind = StepKind::statistics, .name = n.name + "/statistics"};
    own.input = input;
    own.channels = n.channels;
    const bool in_groups = n.kind == OpKind::group_norm;
    own.over_batch = !in_groups && n.batch_norm_mode == BatchNormMode::batch;
    if (in_groups) own.group_channels = n.channels / n.groups;
    const bool fused = !own.over_batch && !in_groups && !program_.steps.empty() &&
                       program_.steps.back().kind == StepKind::depthwise &&
                       program_.steps.back().output == input;
    Step& step = fused ? program_.steps.back() : own;
    const auto gamma = variable(n.gamma).values(), beta = variable(n.beta).values();
    step.gamma.assign(gamma.begin(), gamma.end());
    step.beta.assign(beta.begin(), beta.end());
    step.epsilon = n.epsilon;
    step.statistics = affine;
    if (!fused) program_.steps.push_back(std::move(own));
    return affine;
  }

  void lower_pointwise(NodeId id) {
    const Node& n = node(id);
    Step step = step_of(id, StepKind::pointwise);
    step.kernel = step.stride = 1;
    NodeId last = id;
    if (n.kind == OpKind::add) {
      step.residual = value_of_[index(n.inputs[1])];
      last = fuse_activation(last, step);
    } else {
      step.activation = n.activation;
    }
    finish(std::move(step), last);
  }

  void lower_simple(NodeId id, StepKind kind) {
    Step step = step_of(id, kind);
    if (kind == StepKind::multiply) step.residual = value_of_[index(node(id).inputs[1])];
    finish(std::move(step), id);
  }

  /// Marks the step that makes an output; adds a copy where that step's value is read on.
  void add_head(NodeId id, Head head) {
    const ValueId value = value_of_.at(index(id));
    for (Step& step : program_.steps) {
      if (step.output == value && step.kind == StepKind::overlap_add && step.head == Head::none &&
          num_users_of(value) == 1) {
        step.head = head;
        return;
      }
    }
    Step copy{.kind = StepKind::pointwise, .name = node(id).name + "/output"};
    copy.input = value;
    copy.channels = node(id).channels;
    copy.output = new_value(Value::Kind::map, id);
    copy.head = head;
    program_.steps.push_back(std::move(copy));
  }

  const Graph& graph_;
  const Weights& weights_;
  Program program_;
  std::vector<ValueId> value_of_;  // by node; -1: fused into a later node's step, or not yet made
  std::vector<bool> fused_;
  std::vector<int> num_users_;
};

}  // namespace

Program lower(const Graph& graph, const Weights& weights) {
  check_weights(graph, weights, "the weights given");
  return Lowering(graph, weights).run();
}

}  // namespace posse::cpu
