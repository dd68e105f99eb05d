#include "project/lightning_config.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/config_values.h"
#include "project/yaml_references.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::array<double, 3> kMean = {0.485, 0.456, 0.406};  // of ImageNet, of 0 to 1
constexpr std::array<double, 3> kStdev = {0.229, 0.224, 0.225};
constexpr int kBackboneStride = 32;
constexpr int kMostPixels = 8192;

/// Depth of a backbone by its name; those with a suffix differ in their starting weights alone.
std::optional<int> depth_of(std::string_view backbone) {
  for (const int depth : {18, 34, 50, 101, 152}) {
    const std::string name = fmt::format("resnet{}", depth);
    if (backbone == name) return depth;
    if (depth == 50 &&
        (backbone.starts_with(name + "_animal_") || backbone.starts_with(name + "_human_"))) {
      return depth;
    }
  }
  return std::nullopt;
}

class LightningReader {
 public:
  LightningReader(const YamlValue& root, const fs::path& file)
      : root_(root), name_(printable(file.string())) {}

  TorchConfig read() const {
    TorchConfig config{.tool = TorchTool::lightning_pose};
    const ConfigMap data = section("data");
    const ConfigMap model = section("model");
    for (const char* key : {"image_resize_dims", "num_keypoints", "keypoint_names",
                            "downsample_factor", "view_names"}) {
      require_resolved("data", data, key);
    }
    for (const char* key : {"model_type", "backbone"}) require_resolved("model", model, key);
    config.model_type = model.text("model_type", "heatmap");
    if (config.model_type != "heatmap") {
      refuse(fmt::format("a network of type '{}'", printable(config.model_type)));
    }
    config.network = model.text("backbone");
    const auto depth = depth_of(config.network);
    if (!depth) refuse(fmt::format("the backbone {}", printable(config.network)));
    config.depth = *depth;
    config.group_norm = false;
    config.output_stride = kBackboneStride;
    if (data.has("view_names") && data.find("view_names")->items.size() > 1) {
      refuse("a network of several views");
    }
    read_sizes(data, config);
    read_head(data, config);
    for (size_t i = 0; i < 3; ++i) {
      config.mean_pixel[i] = static_cast<float>(255 * kMean[i]);
      config.input_scale[i] = static_cast<float>(255 * kStdev[i]);
    }
    return config;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: describes {}, which posse does not run", name_, what),
                {.hint = way_out(TorchTool::lightning_pose)});
  }

  ConfigMap section(std::string_view key) const {
    const YamlValue* value = root_.find(key);
    if (value == nullptr || value->kind != YamlValue::Kind::map) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: has no '{}'", name_, key),
                  {.hint = "it is what Lightning Pose writes into its model folders"});
    }
    return {*value, name_};
  }

  void require_resolved(const char* section, const ConfigMap& map, const char* key) const {
    const YamlValue* value = map.find(key);
    const std::string left = value == nullptr ? "" : unresolved_reference(*value);
    if (left.empty()) return;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}, line {}: '{}.{}' is {}, which names nothing in this file", name_,
                            value->line, section, key, printable(left)),
                {.hint = "write the value itself in its place; environment variables and other "
                         "resolvers of OmegaConf are not asked"});
  }

  void read_sizes(const ConfigMap& data, TorchConfig& config) const {
    const YamlValue* dims = data.find("image_resize_dims");
    if (dims == nullptr || dims->kind != YamlValue::Kind::map) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: 'data' has no 'image_resize_dims'", name_));
    }
    const ConfigMap map(*dims, name_);
    config.resized_height = map.integer("height", 0);
    config.resized_width = map.integer("width", 0);
    for (const int side : {config.resized_height, config.resized_width}) {
      if (side < kBackboneStride || side > kMostPixels || side % kBackboneStride != 0) {
        map.fail(*dims, fmt::format("'image_resize_dims' is {} x {}, expected multiples of {}",
                                    config.resized_height, config.resized_width, kBackboneStride));
      }
    }
    config.downsample_factor = data.integer("downsample_factor", 2);
    if (config.downsample_factor < 1 || config.downsample_factor > 3) {
      data.wrong("downsample_factor", *data.find("downsample_factor"), "1, 2 or 3");
    }
  }

  /// Transposed convolutions behind a pixel shuffle, until the maps have the wanted size.
  void read_head(const ConfigMap& data, TorchConfig& config) const {
    TorchHeadConfig head{.name = "head", .bodyparts = data.names("keypoint_names")};
    const int count = data.integer("num_keypoints", static_cast<int>(head.bodyparts.size()));
    constexpr int kMostBodyparts = 10'000;
    if (count < 1 || count > kMostBodyparts) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: 'data' says neither 'keypoint_names' nor 'num_keypoints'", name_));
    }
    if (!head.bodyparts.empty() && static_cast<int>(head.bodyparts.size()) != count) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: 'num_keypoints' is {}, 'keypoint_names' has {} names", name_,
                              count, head.bodyparts.size()),
                  {.have = list_names(head.bodyparts)});
    }
    for (int i = static_cast<int>(head.bodyparts.size()) + 1; i <= count; ++i) {
      head.bodyparts.push_back(fmt::format("bodypart{}", i));
    }
    const int num_layers = 4 - config.downsample_factor;
    for (int i = 1; i <= num_layers; ++i) {
      head.map_layers.push_back(
          {.scope = fmt::format("head.upsampling_layers.{}", i), .channels = count});
    }
    config.heads.push_back(std::move(head));
  }

  const YamlValue& root_;
  std::string name_;
};

}  // namespace

TorchConfig read_lightning_config(const fs::path& file) {
  const YamlValue root = resolve_references(read_yaml(file));
  TorchConfig config = LightningReader(root, file).read();
  config.file = file;
  return config;
}

bool is_lightning_config(const fs::path& file) {
  if (kind_of_path(file) != PathKind::file) return false;
  try {
    const YamlValue root = read_yaml(file);
    return root.find("data") != nullptr && root.find("model") != nullptr &&
           root.find("Task") == nullptr;
  } catch (const Error&) {
    return false;  // whoever reads it says what is wrong with it
  }
}

}  // namespace posse
