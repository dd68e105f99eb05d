#include "network/backends/reference/reference_backend.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"
#include "network/backends/reference/reference_ops.h"

namespace posse {
namespace {

using Maps = std::vector<Tensor>;

const Tensor* find_tensor(const Weights& weights, const std::string& name) {
  return name.empty() ? nullptr : &weights.at(name);
}

Tensor evaluate(const Node& node, const Weights& weights, const Maps& maps) {
  const auto in = [&](size_t index) -> const Tensor& {
    return maps[static_cast<size_t>(node.inputs.at(index))];
  };
  switch (node.kind) {
    case OpKind::input:
      break;
    case OpKind::conv2d:
      return reference::conv2d(node, in(0), weights.at(node.weights),
                               find_tensor(weights, node.bias));
    case OpKind::depthwise_conv2d:
      return reference::depthwise_conv2d(node, in(0), weights.at(node.weights));
    case OpKind::conv2d_transpose:
      return reference::conv2d_transpose(node, in(0), weights.at(node.weights),
                                         find_tensor(weights, node.bias));
    case OpKind::batch_norm:
      return reference::batch_norm(node, in(0), weights);
    case OpKind::group_norm:
      return reference::group_norm(node, in(0), weights);
    case OpKind::activation:
      return reference::activation(node, in(0));
    case OpKind::add:
      return reference::add(in(0), in(1));
    case OpKind::max_pool:
      return reference::max_pool(node, in(0));
    case OpKind::subsample:
      return reference::subsample(node, in(0));
    case OpKind::global_mean:
      return reference::global_mean(in(0));
    case OpKind::multiply:
      return reference::multiply(in(0), in(1));
    case OpKind::pixel_shuffle:
      return reference::pixel_shuffle(node, in(0));
    case OpKind::resize:
      return reference::resize(node, in(0));
    case OpKind::concat: {
      std::vector<const Tensor*> parts;
      for (size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(&in(i));
      return reference::concat(parts);
    }
  }
  POSSE_ASSERT(false);
}

bool is_over_batch(const Node& node) {
  return node.kind == OpKind::batch_norm && node.batch_norm_mode == BatchNormMode::batch;
}

bool has_batch_statistics(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), is_over_batch);
}

/// For each node the last node that reads it; the outputs are kept to the end.
std::vector<size_t> last_uses(const Graph& graph, bool want_locref) {
  std::vector<size_t> last(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const NodeId from : graph.nodes[i].inputs) last[static_cast<size_t>(from)] = i;
  }
  last.at(static_cast<size_t>(graph.scoremap_logits)) = graph.nodes.size();
  if (want_locref) last.at(static_cast<size_t>(graph.locref)) = graph.nodes.size();
  return last;
}

/// Activations live only during run(), so there is nothing to keep between calls.
class ReferenceWorkspace final : public Workspace {
 public:
  int64_t num_bytes() const override { return 0; }
};

class ReferenceExecutor final : public Executor {
 public:
  ReferenceExecutor(const Graph& graph, const Weights& weights) : graph_(graph) {
    for (const Variable& variable : graph_variables(graph)) {
      weights_.emplace(variable.name, weights.at(variable.name).clone());
    }
  }

  std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<ReferenceWorkspace>();
  }

  void run(const FrameBatch& batch, bool want_locref, Workspace& /*workspace*/,
           NetworkOutput& output) const override {
    const bool with_locref = want_locref && graph_.locref >= 0;
    const Extent frame{batch.height, batch.width};
    const std::vector<Extent> extents = node_extents(graph_, frame);
    const auto logits_id = static_cast<size_t>(graph_.scoremap_logits);
    const Extent map = extents[logits_id];
    const int64_t channels = graph_.nodes[logits_id].channels;
    fit(output.scoremap_logits, {batch.size(), map.height, map.width, channels});
    if (with_locref) {
      fit(output.locref, {batch.size(), map.height, map.width, channels, 2});
    } else {
      output.locref = Tensor();
    }
    const int64_t at_once = has_batch_statistics(graph_) ? batch.size() : 1;
    for (int64_t begin = 0; begin < batch.size(); begin += at_once) {
      const std::vector<Maps> maps = run_frames(
          std::span(batch.frames).subspan(static_cast<size_t>(begin), static_cast<size_t>(at_once)),
          frame, with_locref);
      for (int64_t i = 0; i < at_once; ++i) {
        const Maps& of_frame = maps[static_cast<size_t>(i)];
        copy_frame(of_frame[logits_id], begin + i, output.scoremap_logits);
        if (with_locref)
          copy_frame(of_frame[static_cast<size_t>(graph_.locref)], begin + i, output.locref);
      }
    }
  }

  int64_t weight_bytes() const override {
    int64_t bytes = 0;
    for (const auto& [name, tensor] : weights_) {
      bytes += tensor.size() * static_cast<int64_t>(sizeof(float));
    }
    return bytes;
  }

 private:
  static void fit(Tensor& tensor, const Shape& shape) {
    if (tensor.shape() != shape) tensor = Tensor(shape);
  }

  static void copy_frame(const Tensor& map, int64_t index, Tensor& batch) {
    std::copy(map.values().begin(), map.values().end(), batch.data() + index * map.size());
  }

  /// The maps of each frame; those that nothing reads any more are empty.
  std::vector<Maps> run_frames(std::span<const uint8_t* const> rgb, Extent frame,
                               bool want_locref) const {
    const std::vector<size_t> last = last_uses(graph_, want_locref);
    std::vector<Maps> maps(rgb.size());
    for (Maps& of_frame : maps) of_frame.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      const bool unused = last[i] == 0;
      if (unused) continue;
      if (is_over_batch(node)) {
        norm_over_batch(node, i, maps);
      } else {
        for (size_t f = 0; f < rgb.size(); ++f) {
          maps[f][i] = node.kind == OpKind::input ? reference::input(graph_, rgb[f], frame)
                                                  : evaluate(node, weights_, maps[f]);
        }
      }
      for (const NodeId from : node.inputs) {
        const auto read = static_cast<size_t>(from);
        for (Maps& of_frame : maps) {
          if (last[read] == i) of_frame[read] = Tensor();
        }
      }
    }
    return maps;
  }

  void norm_over_batch(const Node& node, size_t index, std::vector<Maps>& maps) const {
    const auto input = static_cast<size_t>(node.inputs.at(0));
    std::vector<const Tensor*> frames;
    for (const Maps& of_frame : maps) frames.push_back(&of_frame[input]);
    std::vector<Tensor> normed = reference::batch_norm(node, frames, weights_);
    for (size_t f = 0; f < maps.size(); ++f) maps[f][index] = std::move(normed[f]);
  }

  Graph graph_;
  Weights weights_;
};

class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::optional<std::string> why_unavailable() const override { return std::nullopt; }
  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& /*options*/) const override {
    check_weights(graph, weights, "the given weights");
    return std::make_unique<ReferenceExecutor>(graph, weights);
  }
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend kBackend;
  return kBackend;
}

std::vector<Tensor> evaluate_all_nodes(const Graph& graph, const Weights& weights,
                                       const uint8_t* rgb, Extent frame) {
  check_weights(graph, weights, "the given weights");
  node_extents(graph, frame);  // refuses frames that are too small
  Maps maps;
  maps.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    maps.push_back(node.kind == OpKind::input ? reference::input(graph, rgb, frame)
                                              : evaluate(node, weights, maps));
  }
  return maps;
}

}  // namespace posse
