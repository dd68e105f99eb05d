/// Appends one network's graph to an ONNX model as nodes.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "network/onnx.h"
#include "network/onnx_model.h"

namespace posse {

/// Bodyparts of a member's outputs: those its columns name, or all.
int64_t num_exported_bodyparts(const OnnxMember& member);

/// As in OnnxExport.
struct OnnxStyle {
  bool for_runtime = false;
  bool half = false;
};

/// Appends a member's nodes to a model, channels first, batch norms folded. Keeps references to
/// what it is given.
class OnnxMemberExport {
 public:
  /// @param prefix  begins the name of every node and constant.
  OnnxMemberExport(const OnnxMember& member, std::string prefix, OnnxModel& model, OnnxStyle style);

  /// The whole graph. @param picture  value of shape [frames, 3, height, width], 0 ... 255.
  void convert(const std::string& picture);
  /// After convert(): the logits as [frames, h, w, bodyparts], under this name.
  void add_logits(const std::string& name);
  /// The tool has maps of its own, which are no logits.
  bool has_heatmaps() const { return member_.meaning != MapMeaning::logits; }
  /// After convert(): the tool's own maps as [frames, h, w, bodyparts], under this name.
  void add_heatmaps(const std::string& name);
  bool has_locref() const { return graph_.locref >= 0; }
  /// After convert(): locref in pixels as [frames, h, w, bodyparts, xy], under this name.
  void add_locref(const std::string& name);

 private:
  using Strings = std::vector<std::string>;

  std::string convert_node(const Node& node, const std::string& picture);
  /// Its value is of 16 bits.
  bool is_half(NodeId id) const;
  /// A node's value in float32, or in float16; cast if it is not, once.
  std::string value_as(NodeId id, bool half);
  /// What a node reads, in the type that it computes in.
  std::string input_of(const Node& node, size_t number = 0);
  /// Of a node that computes in float16 if `half` is asked for.
  std::string constant(const std::string& name, Tensor values);
  std::string preprocess(const std::string& name, const std::string& picture);
  std::string convolution(const Node& node);
  std::string transposed(const Node& node);
  std::string batch_norm(const Node& node);
  std::string norm_over_batch(const Node& node, const Strings& inputs,
                              const OnnxAttribute& epsilon);
  std::string activation(const Node& node);
  std::string group_norm(const Node& node);
  std::string pixel_shuffle(const Node& node);
  std::string resize(const Node& node);

  /// Of the maps or locref, the channels of the member's bodyparts, channels first.
  std::string picked(NodeId id, int64_t per_bodypart);

  /// A variable of a transposed convolution; of a head only the bodyparts that the member's columns
  /// name, in their order.
  Tensor head_variable(const Node& node, const std::string& name) const;
  /// The batch norm of stored statistics that alone reads a node, and comes right after it; else
  /// null.
  const Node* foldable_norm(NodeId id) const;
  const Tensor& variable(const std::string& name) const { return weights_.at(name); }
  const std::string& value(NodeId id) const { return values_.at(static_cast<size_t>(id)); }
  NodeId id_of(const Node& node) const { return static_cast<NodeId>(&node - graph_.nodes.data()); }
  const Node& node_at(NodeId id) const { return graph_.nodes.at(static_cast<size_t>(id)); }

  const Graph& graph_;
  const Weights& weights_;
  const OnnxMember& member_;
  std::string prefix_;
  OnnxModel& model_;
  OnnxStyle style_;
  std::vector<int> uses_;  ///< how many nodes read each node
  Strings values_;         ///< name of each converted node's output
  std::set<std::string> casts_;
  std::string maps_;  ///< the network's own, of the member's bodyparts
};

}  // namespace posse
