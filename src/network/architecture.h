/// Recognises the network that a snapshot's variables belong to (its family, size and heads), and
/// builds its graph.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "network/graph.h"

namespace posse {

enum class NetworkFamily { resnet, mobilenet_v2, efficientnet, torch_resnet };

/// One layer of a head of PyTorch's tools.
struct TorchHeadLayer {
  std::string scope;  ///< of its variables ".weight" and ".bias"
  bool transposed = true;
  int kernel = 3;
  int stride = 2;    ///< 1 where it is not transposed
  int channels = 1;  ///< of the output
  PaddingRule padding = PaddingRule::valid;
  bool relu = false;  ///< behind it
};

struct TorchHead {
  std::string name;  ///< begins the names of its nodes
  std::vector<TorchHeadLayer> map_layers;
  std::vector<TorchHeadLayer> locref_layers;  ///< empty: no location refinement
};

/// What decides the graph of a network of PyTorch's tools.
struct TorchSpec {
  /// Layers of the ResNet: 18, 34, 50, 101 or 152.
  int depth = 50;
  /// True: group norm of 32 groups in place of batch norm with stored statistics.
  bool group_norm = false;
  /// What the backbone's variables begin with, "backbone.model.".
  std::string scope;
  /// The backbone's children are called by their places ("0", "1", "4", ...), not by their names.
  bool numbered_children = false;
  int output_stride = 16;
  /// Factor by which features are spread out before the heads.
  int pixel_shuffle = 1;
  /// What frames are resized to first, inside the graph.
  std::optional<Extent> resized;
  /// True: that resizing is antialiased.
  bool antialias = false;
  /// Heads; their bodyparts come one behind the other.
  std::vector<TorchHead> heads;
};

/// Everything that decides a graph. detect_network() fills in what the variables tell; output
/// stride, stride of the head, mean pixel and batch norm mode cannot be seen in them and start with
/// the defaults of DeepLabCut and DeepGraphPose. Set those from pose_cfg.yaml or options.
struct NetworkSpec {
  NetworkFamily family = NetworkFamily::resnet;
  /// 50, 101 or 152; ResNets only.
  int resnet_depth = 50;
  /// 0.35, 0.5, 0.75 or 1; MobileNets only.
  double mobilenet_width = 1;
  /// 0 to 7; EfficientNets only.
  int efficientnet_number = 0;
  /// What the backbone's variables begin with, "resnet_v1_50/".
  std::string scope;
  int num_bodyparts = 1;
  bool has_locref = true;
  /// Side of the heads' transposed convolution.
  int head_kernel = 3;
  /// Heads in the snapshot that only training uses, as "intermediate_supervision".
  std::vector<std::string> unused_heads;

  /// 4, 8, 16 or 32 for ResNets, 16 for the other families.
  int output_stride = 16;
  /// Stride of the heads, at least 1.
  int deconvolution_stride = 2;
  /// Red, green, blue.
  std::array<float, 3> mean_pixel = {123.68F, 116.779F, 103.939F};
  /// `frame` for MobileNetV2, as DeepLabCut runs it; `moving` for the others.
  BatchNormMode batch_norm_mode = BatchNormMode::moving;
  /// What a value is divided by after the mean is subtracted.
  std::array<float, 3> input_scale = {1, 1, 1};
  /// Numbers of the family torch_resnet.
  TorchSpec torch;
};

/// What a pose_cfg.yaml calls this network (net_type): "resnet_50", "mobilenet_v2_0.35",
/// "efficientnet-b0".
std::string net_type(const NetworkSpec& spec);

/// Finds the network that a snapshot's variables belong to. Variables that are none of the
/// network's (optimizer slots, step counters) do not matter.
/// @param file  where they come from, for messages.
/// @throws Error(unsupported) for networks posse cannot run, saying which: multi-animal models,
/// models with identity channels, fusion networks of stride below 8, a backbone without pose heads,
/// an unknown network; Error(shape_mismatch) when the heads' shapes contradict each other.
/// Source: names that DeepLabCut's pose_estimation_tensorflow and tf_slim give their variables.
NetworkSpec detect_network(std::span<const Variable> variables, const std::string& file);

/// The graph of a network, outputs included.
/// @throws Error(invalid_value) for an output stride or head stride the family does not have.
Graph build_graph(const NetworkSpec& spec);

}  // namespace posse
