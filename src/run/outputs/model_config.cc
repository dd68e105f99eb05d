#include "run/outputs/model_config.h"

#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "base/paths.h"
#include "base/text.h"
#include "project/config_values.h"
#include "project/yaml_tree.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using Kind = PickleValue::Kind;

PickleValue text_value(std::string text) { return {.kind = Kind::text, .text = std::move(text)}; }

/// null, truth values and numbers as YAML 1.1 has them, which DeepLabCut reads by.
PickleValue scalar_value(const YamlValue& scalar) {
  if (scalar.quoted) return text_value(scalar.text);
  const std::string lower = ascii_lower(scalar.text);
  if (lower.empty() || lower == "~" || lower == "null") return {};
  for (const auto& [yes, no] : {std::pair("true", "false"), {"yes", "no"}, {"on", "off"}}) {
    if (lower == yes || lower == no) return {.kind = Kind::boolean, .integer = lower == yes};
  }
  if (const auto integer = integer_of(scalar.text))
    return {.kind = Kind::integer, .integer = *integer};
  if (const auto number = number_of(scalar.text)) return {.kind = Kind::real, .real = *number};
  return text_value(scalar.text);
}

PickleValue value_of(const YamlValue& yaml) {
  PickleValue value;
  switch (yaml.kind) {
    case YamlValue::Kind::null:
      break;
    case YamlValue::Kind::scalar:
      return scalar_value(yaml);
    case YamlValue::Kind::list:
      value.kind = Kind::list;
      for (const YamlValue& item : yaml.items) value.items.push_back(value_of(item));
      break;
    case YamlValue::Kind::map:
      value.kind = Kind::dict;
      for (const YamlEntry& entry : yaml.entries) {
        value.items.push_back(text_value(entry.key));
        value.items.push_back(value_of(entry.value));
      }
      break;
  }
  return value;
}

void set(PickleValue& dict, const std::string& key, PickleValue value) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i].text == key) {
      dict.items[i + 1] = std::move(value);
      return;
    }
  }
  dict.items.push_back(text_value(key));
  dict.items.push_back(std::move(value));
}

/// What DeepLabCut assumes where pose_cfg.yaml says nothing (its default_config), as YAML.
constexpr const char* kDefaults = R"(
stride: 8.0
weigh_part_predictions: false
weigh_negatives: false
fg_fraction: 0.25
mean_pixel: [123.68, 116.779, 103.939]
shuffle: true
log_dir: log
global_scale: 1.0
location_refinement: false
locref_stdev: 7.2801
locref_loss_weight: 1.0
locref_huber_loss: true
optimizer: sgd
intermediate_supervision: false
intermediate_supervision_layer: 12
regularize: false
weight_decay: 0.0001
crop_pad: 0
scoremap_dir: test
batch_size: 1
dataset_type: imgaug
deterministic: false
mirror: false
pairwise_huber_loss: true
weigh_only_present_joints: false
partaffinityfield_predict: false
pairwise_predict: false
num_outputs: 1
)";

/// The pose_cfg.yaml that DeepLabCut analyses videos by.
fs::path analysis_config(const fs::path& train_config) {
  const fs::path beside =
      train_config.parent_path().parent_path() / "test" / train_config.filename();
  std::error_code missing;
  return fs::is_regular_file(beside, missing) ? beside : train_config;
}

std::string absolute_text(const fs::path& path) { return printable(absolute_path(path).string()); }

PickleValue* entry(PickleValue& dict, std::string_view key) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i].text == key) return &dict.items[i + 1];
  }
  return nullptr;
}

PickleValue pytorch_config_of(const Member& member) {
  const fs::path& file = member.torch->file;
  PickleValue dict = value_of(read_yaml(file, std::span<const std::string_view>()).root);
  if (PickleValue* metadata = entry(dict, "metadata")) {
    set(*metadata, "project_path", text_value(absolute_text(member.project_folder)));
    set(*metadata, "pose_config_path", text_value(absolute_text(file)));
  }
  return dict;
}

}  // namespace

PickleValue model_config_of(const Member& member) {
  if (is_in_pytorch_project(member)) return pytorch_config_of(member);
  PickleValue dict{.kind = Kind::dict};
  if (member.pose.file.empty()) return dict;
  const fs::path file = analysis_config(member.pose.file);
  dict = value_of(parse_yaml(kDefaults, "defaults"));
  // What is broken there stops no network, and so no pickle: it has been told.
  const PickleValue own = value_of(read_yaml(file, std::span<const std::string_view>()).root);
  for (size_t i = 0; i + 1 < own.items.size(); i += 2)
    set(dict, own.items[i].text, own.items[i + 1]);
  set(dict, "snapshot_prefix", text_value(absolute_text(file.parent_path() / "snapshot")));
  set(dict, "init_weights", text_value(absolute_text(member.snapshot.prefix)));
  return dict;
}

}  // namespace posse
