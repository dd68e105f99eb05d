#include "ensemble/torch_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "project/deeplabcut3_config.h"

namespace posse {
namespace {

std::string shown(const std::filesystem::path& path) { return printable(path.string()); }

TorchHeadLayer layer_of(const TorchLayerConfig& config, TorchTool tool) {
  return {
      .scope = config.scope,
      .transposed = config.transposed,
      .kernel = config.kernel,
      .stride = config.stride,
      .channels = config.channels,
      .padding = tool == TorchTool::lightning_pose ? PaddingRule::slim_same : PaddingRule::valid,
      .relu = config.relu};
}

std::vector<TorchHeadLayer> layers_of(const std::vector<TorchLayerConfig>& configs,
                                      TorchTool tool) {
  std::vector<TorchHeadLayer> layers;
  for (const TorchLayerConfig& config : configs) layers.push_back(layer_of(config, tool));
  return layers;
}

bool on_bytes(ResizeChoice resize) {
  return resize == ResizeChoice::linear_bytes || resize == ResizeChoice::cubic_bytes;
}

TorchSpec torch_spec(const TorchConfig& config, const WeightSource& weights, ResizeChoice resize) {
  const bool lightning = config.tool == TorchTool::lightning_pose;
  TorchSpec torch{.depth = config.depth,
                  .scope = lightning ? "backbone." : "backbone.model.",
                  .numbered_children = lightning,
                  .output_stride = config.output_stride,
                  .pixel_shuffle = lightning ? 2 : 1};
  // Norms keep their names; those of groups have no running statistics. What the configuration says
  // counts: weights of the other kind are another network's.
  const std::string norm = torch.scope + (lightning ? "1" : "bn1");
  torch.group_norm = config.group_norm.value_or(weights.shape(norm + ".weight").has_value() &&
                                                !weights.shape(norm + ".running_mean"));
  if (config.resized_height > 0 && !on_bytes(resize)) {
    torch.resized = Extent{config.resized_height, config.resized_width};
    torch.antialias = resize == ResizeChoice::antialias;
  }
  for (const TorchHeadConfig& head : config.heads) {
    torch.heads.push_back({.name = head.name,
                           .map_layers = layers_of(head.map_layers, config.tool),
                           .locref_layers = layers_of(head.locref_layers, config.tool)});
  }
  return torch;
}

/// Tensors that a file may hold beside the network's: counters, losses, copies under older names.
bool is_beside_the_network(const std::string& name) {
  return name.ends_with(".num_batches_tracked") || name.starts_with("loss_factory") ||
         name.starts_with("rmse_loss");
}

/// Compares names and shapes with those of the graph, so that no partial match is ever run.
void check_tensors(const Graph& graph, const TorchConfig& config, const WeightSource& weights) {
  const std::string file = shown(weights.path());
  const auto differs = [&](const std::string& what) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{}: is not the network that its configuration describes ({}): {}",
                            file, config.network, what),
                {.hint = "the snapshot may belong to another shuffle or model folder"});
  };
  std::set<std::string> wanted;
  for (const Variable& variable : graph_variables(graph)) {
    wanted.insert(variable.name);
    const auto found = weights.shape(variable.name);
    if (!found) differs(fmt::format("tensor '{}' is missing", printable(variable.name)));
    Shape expected = variable.shape;
    if (expected.size() == 4) expected = {expected[3], expected[2], expected[0], expected[1]};
    if (*found != expected) {
      differs(fmt::format("tensor '{}' has shape {}, expected {}", printable(variable.name),
                          to_string(*found), to_string(expected)));
    }
  }
  for (const WeightInfo& info : weights.list()) {
    if (wanted.contains(info.name) || is_beside_the_network(info.name)) continue;
    differs(fmt::format("tensor '{}' has no place in it", printable(info.name)));
  }
}

bool has_tensors_of(const WeightSource& weights, std::string_view prefix) {
  const std::vector<WeightInfo> tensors = weights.list();
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const WeightInfo& tensor) { return tensor.name.starts_with(prefix); });
}

/// Networks of both tools have a backbone; whatever else is in such files is somebody else's.
void refuse_other_programs(const Member& member, const WeightSource& weights) {
  if (has_tensors_of(weights, "backbone.")) return;
  const std::vector<WeightInfo> tensors = weights.list();
  throw Error(
      ErrorKind::unsupported,
      fmt::format("{}: is a {} of another program than DeepLabCut 3 or Lightning Pose: it holds "
                  "'{}' and no 'backbone.'",
                  shown(member.snapshot.prefix), weights.format(),
                  printable(tensors.empty() ? "" : tensors.front().name)),
      {.hint = "run it with its own program; 'posse consensus' takes the tables that this writes"});
}

const TorchConfig& config_of(const Member& member, const WeightSource& weights) {
  if (member.torch) return *member.torch;
  refuse_other_programs(member, weights);
  // Names of files tell little: DeepLabCut's backbones lie a level deeper.
  const bool lightning = !has_tensors_of(weights, "backbone.model.");
  throw Error(ErrorKind::not_found,
              fmt::format("{}: is a {}; its network cannot be told without the {} that was written "
                          "beside it",
                          shown(member.snapshot.prefix), weights.format(),
                          lightning ? "config.yaml" : "pytorch_config.yaml"),
              {.hint = lightning ? "name the Lightning Pose model folder it lies in"
                                 : "name the training folder it lies in, or export the model with "
                                   "DeepLabCut 3: an exported file carries its configuration"});
}

}  // namespace

void complete_from_weights(Member& member, const WeightSource& weights) {
  if (member.torch || weights.embedded_config().empty()) return;
  member.torch = parse_deeplabcut3_config(weights.embedded_config(),
                                          shown(weights.path()) + ", configuration in it");
  member.pose.locref_stdev = member.torch->locref_stdev;
  member.reasons.emplace_back("network settings: in the exported model itself");
  member.warnings.insert(member.warnings.end(), member.torch->warnings.begin(),
                         member.torch->warnings.end());
  if (member.bodyparts.empty()) member.bodyparts = member.torch->bodyparts();
}

NetworkSpec torch_network(const Member& member, const WeightSource& weights, ResizeChoice resize) {
  const TorchConfig& config = config_of(member, weights);
  NetworkSpec spec{.family = NetworkFamily::torch_resnet,
                   .num_bodyparts = static_cast<int>(config.bodyparts().size()),
                   .has_locref = !config.heads.front().locref_layers.empty(),
                   .output_stride = config.output_stride,
                   .mean_pixel = config.mean_pixel,
                   .input_scale = config.input_scale,
                   .torch = torch_spec(config, weights, resize)};
  for (const TorchHeadConfig& head : config.heads) {
    if (head.apply_sigmoid != config.heads.front().apply_sigmoid) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: has heads with and without a sigmoid", shown(config.file)),
                  {.hint = way_out(config.tool)});
    }
  }
  check_tensors(build_graph(spec), config, weights);
  return spec;
}

PictureShaping shaping_of(const Member& member, ResizeChoice resize) {
  if (!member.torch) return {};
  PictureShaping shaping = member.torch->shaping;
  if (member.torch->resized_height > 0 && on_bytes(resize)) {
    shaping.resize = {.size = {member.torch->resized_height, member.torch->resized_width},
                      .filter = resize == ResizeChoice::cubic_bytes ? PictureFilter::cubic
                                                                    : PictureFilter::linear};
  }
  return shaping;
}

MapMeaning map_meaning(const Member& member) {
  if (!member.torch) return MapMeaning::logits;
  if (member.torch->tool == TorchTool::lightning_pose) return MapMeaning::spatial_logits;
  return member.torch->heads.front().apply_sigmoid ? MapMeaning::logits : MapMeaning::bump;
}

}  // namespace posse
