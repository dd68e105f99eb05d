/// What PyTorch's tools say of a network: DeepLabCut 3's pytorch_config.yaml and Lightning Pose's
/// config.yaml.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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
  // Lightning Pose alone:
  int resized_height = 0;  ///< of frames, in front of the network; 0: not resized
  int resized_width = 0;
  int downsample_factor = 2;  ///< maps have 2^-n of the resized frame's sides
  std::string model_type;     ///< "heatmap"
  std::vector<std::string> warnings;

  /// Of all heads, in the order of their maps.
  std::vector<std::string> bodyparts() const;
};

/// Reads DeepLabCut 3's pytorch_config.yaml. The network is what `model` says, whatever net_type is
/// called.
/// @throws Error(not_found, io); Error(bad_file), naming file and line, for what is not YAML, has
///         no `model` or contradicts itself; Error(unsupported), naming it, for a network posse
///         cannot run, with what to do instead.
TorchConfig read_deeplabcut3_config(const std::filesystem::path& file);
/// The same of text, as an exported model carries it. @param name  for messages.
TorchConfig parse_deeplabcut3_config(const std::string& text, const std::string& name);

/// Reads the config.yaml of a Lightning Pose model folder. @throws as read_deeplabcut3_config()
TorchConfig read_lightning_config(const std::filesystem::path& file);

/// True for a config.yaml as Lightning Pose writes it: `data` and `model`, no `Task`.
bool is_lightning_config(const std::filesystem::path& file);

/// What to do with a network that posse cannot run: a sentence for errors.
std::string way_out(TorchTool tool);

/// The scorer of DeepLabCut 3's tables: "DLC_Resnet50_openarenaNov28shuffle3_snapshot_200".
/// @param net_type  "resnet_50": its parts are capitalised and joined
/// @param snapshot  "best-140" or "200", without leading zeros
std::string dlc3_scorer(const std::string& net_type, const std::string& task_and_date, int shuffle,
                        const std::string& snapshot);

}  // namespace posse
