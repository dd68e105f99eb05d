/// What PyTorch's tools say of a network: DeepLabCut 3's pytorch_config.yaml and Lightning Pose's
/// config.yaml.
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
  std::filesystem::path file;      ///< empty: the network's own file carries it
  std::string network;             ///< as the tool calls it: "resnet_50", "resnet18"
  int depth = 50;                  ///< of the ResNet
  std::optional<bool> group_norm;  ///< what the name says; nullopt: nothing
  int output_stride = 16;          ///< of the backbone
  std::vector<TorchHeadConfig> heads;
  double locref_stdev = 7.2801;  ///< in pixels
  /// (byte - mean) / scale is what the network sees, RGB.
  std::array<float, 3> mean_pixel = {0, 0, 0};
  std::array<float, 3> input_scale = {1, 1, 1};
  /// Of frames, in front of the network; of DeepLabCut 3.
  PictureShaping shaping;
  // Lightning Pose alone:
  int resized_height = 0;  ///< of frames, in front of the network; 0: not resized
  int resized_width = 0;
  int downsample_factor = 2;  ///< maps have 2^-n of the resized frame's sides
  std::string model_type;     ///< "heatmap"
  std::vector<std::string> warnings;

  /// Of all heads, in the order of their maps.
  std::vector<std::string> bodyparts() const;
};

/// What to do with a network that posse cannot run: a sentence for errors.
std::string way_out(TorchTool tool);

}  // namespace posse
