#include "project/deeplabcut3_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "project/config_values.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr std::array<double, 3> kMean = {0.485, 0.456, 0.406};  // of ImageNet, of 0 to 1
constexpr std::array<double, 3> kStdev = {0.229, 0.224, 0.225};
constexpr int kMostLayers = 8;

/// A part of the file as its own map; one that is absent is empty.
class Section {
 public:
  Section(const YamlValue* value, std::string file) : file_(std::move(file)) {
    if (value != nullptr && !value->is_null()) root_ = value;
  }
  explicit operator bool() const { return root_ != nullptr; }
  ConfigMap map() const { return {root_ != nullptr ? *root_ : kEmpty, file_}; }
  Section at(std::string_view key) const {
    return {root_ == nullptr ? nullptr : root_->find(key), file_};
  }
  const YamlValue& value() const { return *root_; }

 private:
  static inline const YamlValue kEmpty{.kind = YamlValue::Kind::map};
  const YamlValue* root_ = nullptr;
  std::string file_;
};

class ConfigReader {
 public:
  ConfigReader(const YamlValue& root, std::string name)
      : root_(&root, name), name_(std::move(name)) {}

  TorchConfig read() {
    const Section model = root_.at("model");
    if (!model) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: has no 'model'", name_),
                  {.hint = "it is what DeepLabCut 3 writes beside its snapshots; copy the whole "
                           "training folder"});
    }
    TorchConfig config;
    config.network = root_.map().text("net_type");
    refuse_methods();
    read_backbone(model.at("backbone"), config);
    if (model.at("neck")) refuse("a network with a neck");
    read_heads(model, config);
    read_preprocessing(config);
    return config;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: describes {}, which posse does not run", name_, what),
                {.hint = way_out(TorchTool::deeplabcut)});
  }

  void refuse_methods() const {
    const std::string method = ascii_lower(root_.map().text("method", "bu"));
    if (method == "td") refuse("a top-down network (method: td)");
    if (method != "bu") refuse(fmt::format("a network of method '{}'", printable(method)));
  }

  void read_backbone(const Section& backbone, TorchConfig& config) const {
    const ConfigMap map = backbone.map();
    const std::string type = map.text("type");
    const std::string name = map.text("model_name");
    if (type != "ResNet") {
      refuse(fmt::format("the backbone {} {}", printable(type.empty() ? "without a type" : type),
                         printable(name)));
    }
    config.group_norm = name.ends_with("_gn");
    for (const int depth : {50, 101}) {
      if (name == fmt::format("resnet{}", depth) || name == fmt::format("resnet{}_gn", depth)) {
        config.depth = depth;
        config.output_stride = map.integer("output_stride", 32);
        const int stride = config.output_stride;
        if (stride != 8 && stride != 16 && stride != 32) {
          map.wrong("output_stride", *map.find("output_stride"), "8, 16 or 32");
        }
        return;
      }
    }
    refuse(fmt::format("the backbone {}", printable(name)));
  }

  void read_heads(const Section& model, TorchConfig& config) const {
    const Section heads = model.at("heads");
    if (!heads || heads.value().entries.empty()) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: 'model' has no 'heads'", name_));
    }
    const ConfigMap metadata = root_.at("metadata").map();
    if (metadata.names("individuals").size() > 1) refuse("a network for several animals");
    for (const YamlEntry& entry : heads.value().entries) {
      const Section head(&entry.value, name_);
      const std::string type = head.map().text("type");
      if (type != "HeatmapHead") {
        refuse(fmt::format("the head '{}' of type {}", printable(entry.key), printable(type)));
      }
      if (entry.key != "bodypart" && entry.key != "unique_bodypart") {
        refuse(fmt::format("the head '{}'", printable(entry.key)));
      }
      const bool unique = entry.key == "unique_bodypart";
      add_head(entry.key, head, metadata.names(unique ? "unique_bodyparts" : "bodyparts"), config);
    }
    std::stable_sort(config.heads.begin(), config.heads.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  void add_head(const std::string& key, const Section& section,
                const std::vector<std::string>& bodyparts, TorchConfig& config) const {
    TorchHeadConfig head{.name = key, .bodyparts = bodyparts};
    const std::string scope = fmt::format("heads.{}.", key);
    const Section maps = section.at("heatmap_config");
    if (!maps) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: the head '{}' has no 'heatmap_config'", name_, printable(key)));
    }
    head.map_layers = layers_of(maps, scope + "heatmap_head.");
    const int channels = head.map_layers.back().channels;
    if (head.bodyparts.empty()) {
      for (int i = 1; i <= channels; ++i) head.bodyparts.push_back(fmt::format("{}{}", key, i));
    }
    if (static_cast<int>(head.bodyparts.size()) != channels) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: the head '{}' has {} maps for {} bodyparts", name_,
                              printable(key), channels, head.bodyparts.size()),
                  {.have = list_names(head.bodyparts)});
    }
    const Section predictor = section.at("predictor");
    const std::string type = predictor.map().text("type", "HeatmapPredictor");
    if (type != "HeatmapPredictor") {
      refuse(fmt::format("the predictor {} of the head '{}'", printable(type), printable(key)));
    }
    // The tool's own default where an early version left it out.
    head.apply_sigmoid = predictor.map().truth("apply_sigmoid", true);
    const bool refined = predictor.map().truth("location_refinement", true);
    if (refined && section.at("locref_config")) {
      head.locref_layers = layers_of(section.at("locref_config"), scope + "locref_head.");
      config.locref_stdev = predictor.map().number("locref_std", config.locref_stdev);
      if (head.locref_layers.back().channels != 2 * channels) {
        throw Error(
            ErrorKind::bad_file,
            fmt::format("{}: the head '{}' has {} channels of location refinement, "
                        "expected {}",
                        name_, printable(key), head.locref_layers.back().channels, 2 * channels));
      }
    }
    config.heads.push_back(std::move(head));
  }

  /// Transposed convolutions with a ReLU between them, then perhaps a plain one.
  std::vector<TorchLayerConfig> layers_of(const Section& section, const std::string& scope) const {
    const ConfigMap map = section.map();
    const std::vector<double> channels = map.numbers("channels");
    const std::vector<double> kernels = map.numbers("kernel_size");
    const std::vector<double> strides = map.numbers("strides");
    std::vector<TorchLayerConfig> layers;
    if (channels.empty() || kernels.size() + 1 != channels.size() ||
        strides.size() != kernels.size() || kernels.size() > kMostLayers) {
      map.fail(section.value(), "'channels', 'kernel_size' and 'strides' do not go together");
    }
    for (size_t i = 0; i < kernels.size(); ++i) {
      if (strides[i] < 0) refuse("a head with a negative stride");
      layers.push_back({.scope = fmt::format("{}deconv_layers.{}", scope, 2 * i),
                        .kernel = whole(map, section, kernels[i]),
                        .stride = whole(map, section, strides[i]),
                        .channels = whole(map, section, channels[i + 1]),
                        .relu = i + 1 < kernels.size()});
    }
    if (const Section last = section.at("final_conv")) {
      layers.push_back({.scope = scope + "final_conv",
                        .transposed = false,
                        .kernel = positive(last, "kernel_size"),
                        .stride = 1,
                        .channels = positive(last, "out_channels")});
    }
    if (layers.empty()) map.fail(section.value(), "the head has no layers");
    return layers;
  }

  static int whole(const ConfigMap& map, const Section& section, double value) {
    constexpr double kMost = 100'000;
    if (!(value >= 1 && value <= kMost) || value != static_cast<int>(value)) {
      map.fail(section.value(), fmt::format("a layer has the size {}, expected a whole number of "
                                            "1 or more",
                                            value));
    }
    return static_cast<int>(value);
  }
  static int positive(const Section& section, std::string_view key) {
    const ConfigMap map = section.map();
    return whole(map, section, map.integer(key, 0));
  }

  void read_preprocessing(TorchConfig& config) const {
    const Section data = root_.at("data");
    const Section inference = data.at("inference");
    if (inference.at("top_down_crop")) refuse("'top_down_crop' of frames before the network");
    read_sizes(inference, config);
    if (is_on(inference, "auto_padding")) {
      config.shaping.padding = padding_of(inference.at("auto_padding"), config.warnings);
    }
    const ConfigMap map = inference.map();
    const bool normalize = map.truth("normalize_images", !inference);
    const float range = map.truth("scale_to_unit_range", false) ? 255.0F : 1.0F;
    config.input_scale = {range, range, range};
    if (normalize) {
      for (size_t i = 0; i < 3; ++i) {
        config.mean_pixel[i] = static_cast<float>(255 * kMean[i]);
        config.input_scale[i] *= static_cast<float>(255 * kStdev[i]);
      }
    }
    if (ascii_lower(data.map().text("colormode", "rgb")) == "bgr") {
      config.warnings.emplace_back(
          "colormode BGR: DeepLabCut 3 swaps the colours of pictures, not of videos; posse swaps "
          "neither");
    }
  }

  /// The tool passes over what is false or empty.
  static bool is_on(const Section& section, std::string_view key) {
    const Section at = section.at(key);
    return at && (at.value().kind != YamlValue::Kind::map ? section.map().truth(key, true)
                                                          : !at.value().entries.empty());
  }

  void read_sizes(const Section& inference, TorchConfig& config) const {
    if (is_on(inference, "resize")) {
      const Section resize = inference.at("resize");
      config.shaping.resize = {
          .size = {.height = positive(resize, "height"), .width = positive(resize, "width")},
          .keep_ratio = resize.map().truth("keep_ratio", true)};
    }
    if (inference.at("longest_max_size")) {
      config.shaping.longest_side = positive(inference, "longest_max_size");
    }
  }

  static PaddedLength padded_length(const Section& padding, const std::string& side) {
    const std::string divisor = fmt::format("pad_{}_divisor", side);
    const std::string least = fmt::format("min_{}", side);
    if (!padding.at(least)) {
      return {.divisor = padding.at(divisor) ? positive(padding, divisor) : 1};
    }
    if (padding.at(divisor)) {
      padding.map().fail(padding.value(), fmt::format("'auto_padding' has '{}' and '{}', expected "
                                                      "one of them",
                                                      least, divisor));
    }
    return {.least = positive(padding, least)};
  }

  static PicturePadding padding_of(const Section& section, std::vector<std::string>& warnings) {
    const ConfigMap map = section.map();
    PicturePadding padding{.rows = padded_length(section, "height"),
                           .columns = padded_length(section, "width")};
    const std::string place = ascii_lower(map.text("position", "random"));
    constexpr std::array<std::pair<std::string_view, PaddedPlace>, 6> kPlaces{
        {{"top_left", PaddedPlace::top_left},
         {"top_right", PaddedPlace::top_right},
         {"center", PaddedPlace::center},
         {"bottom_left", PaddedPlace::bottom_left},
         {"bottom_right", PaddedPlace::bottom_right},
         {"random", PaddedPlace::center}}};
    const auto* found = std::find_if(kPlaces.begin(), kPlaces.end(),
                                     [&](const auto& known) { return known.first == place; });
    if (found == kPlaces.end()) {
      map.wrong("position", *map.find("position"),
                "top_left, top_right, center, bottom_left, bottom_right or random");
    }
    padding.place = found->second;
    if (place == "random") {
      warnings.emplace_back(
          "auto_padding at random: DeepLabCut 3 pads each frame differently, so that its own "
          "results change from run to run; posse keeps frames in the centre");
    }
    const std::string border = ascii_lower(map.text("border_mode", "reflect_101"));
    if (border != "reflect_101" && border != "constant") {
      map.wrong("border_mode", *map.find("border_mode"), "reflect_101 or constant");
    }
    padding.reflect = border == "reflect_101";
    padding.value = border_value(section);
    return padding;
  }

  /// One number is of the first colour alone, as OpenCV takes it.
  static std::array<uint8_t, 3> border_value(const Section& padding) {
    std::array<uint8_t, 3> value = {0, 0, 0};
    const std::vector<double> numbers = padding.map().numbers("border_value");
    for (size_t i = 0; i < std::min(numbers.size(), value.size()); ++i) {
      value[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(numbers[i]), 0.0, 255.0));
    }
    return value;
  }

  Section root_;
  std::string name_;
};

}  // namespace

TorchConfig read_deeplabcut3_config(const fs::path& file) {
  const YamlValue root = read_yaml(file);
  TorchConfig config = ConfigReader(root, printable(file.string())).read();
  config.file = file;
  return config;
}

TorchConfig parse_deeplabcut3_config(const std::string& text, const std::string& name) {
  const YamlValue root = parse_yaml(text, name);
  return ConfigReader(root, name).read();
}

std::string dlc3_scorer(const std::string& net_type, const std::string& task_and_date, int shuffle,
                        const std::string& snapshot) {
  std::string net;
  bool start = true;
  for (const char c : net_type) {
    if (c != '_') {
      net += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    }
    start = c == '_';
  }
  return fmt::format("DLC_{}_{}shuffle{}_snapshot_{}", net, task_and_date, shuffle, snapshot);
}

}  // namespace posse
