/// The configuration of a network of PyTorch's tools, from DeepLabCut 3's pytorch_config.yaml or
/// Lightning Pose's config.yaml.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/picture_shaping.h"

namespace posse {

enum class TorchTool { deeplabcut, lightning_pose };

/// One layer of a head.
struct TorchLayerConfig {
  std::string scope;  ///< of its weights and bias, as "heads.bodypart.heatmap_head.deconv_layers.0"
  bool transposed = true;
  int kernel = 3;
  int stride = 2;
  int channels = 1;   ///< of the output
  bool relu = false;  ///< behind it
};

/// A head that gives one map per bodypart.
struct TorchHeadConfig {
  std::string name;  ///< "bodypart", "unique_bodypart"
  std::vector<std::string> bodyparts;
  std::vector<TorchLayerConfig> map_layers;
  std::vector<TorchLayerConfig> locref_layers;  ///< empty: no location refinement
  bool apply_sigmoid = false;                   ///< maps are logits
};

/// Everything that running a network needs and its weights do not tell.
struct TorchConfig {
  TorchTool tool = TorchTool::deeplabcut;
  /// The file; empty: the network's own file carries the configuration.
  std::filesystem::path file;
  /// The network's name, as the tool has it: "resnet_50", "resnet18".
  std::string network;
  /// Layers of the ResNet.
  int depth = 50;
  /// Whether it has group norm, by its name; nullopt: the name says nothing.
  std::optional<bool> group_norm;
  /// Output stride of the backbone.
  int output_stride = 16;
  std::vector<TorchHeadConfig> heads;
  /// Pixels per unit of locref.
  double locref_stdev = 7.2801;
  /// (byte - mean) / scale is what the network sees, RGB.
  std::array<float, 3> mean_pixel = {0, 0, 0};
  std::array<float, 3> input_scale = {1, 1, 1};
  /// Of frames, in front of the network; of DeepLabCut 3.
  PictureShaping shaping;
  // Lightning Pose alone:
  /// Height that frames are resized to in front of the network; 0: not resized.
  int resized_height = 0;
  int resized_width = 0;
  /// The n of maps whose sides are 2^-n of the resized frame's.
  int downsample_factor = 2;
  /// The model's type, as "heatmap".
  std::string model_type;
  std::vector<std::string> warnings;

  /// Of all heads, in the order of their maps.
  std::vector<std::string> bodyparts() const;
};

/// What to do with a network that posse cannot run: a sentence for errors.
std::string way_out(TorchTool tool);

}  // namespace posse
