#include "network/onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "network/onnx_member.h"
#include "network/onnx_model.h"

namespace posse {
namespace {

using Strings = std::vector<std::string>;

Tensor number(float value) { return {{1}, std::array{value}}; }

/// log(sum of exp) over the inputs, each first reduced by the largest.
std::string log_sum_exp(const Strings& inputs, const std::string& name, OnnxModel& model) {
  const std::string most = model.node("Max", name + "/most", inputs);
  Strings terms;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string part = fmt::format("{}/{}", name, i);
    terms.push_back(
        model.node("Exp", part, {model.node("Sub", part + "/reduced", {inputs[i], most})}));
  }
  const std::string sum = model.node("Sum", name + "/sum", terms);
  return model.node("Add", name, {model.node("Log", name + "/log", {sum}), most});
}

/// Logit of the mean of sigmoids: logsumexp(log p) - logsumexp(log(1 - p)), where, with
/// t = log(1 + exp(-|l|)), log p = min(l, 0) - t and log(1 - p) = -max(l, 0) - t.
void add_mean_consensus(const Strings& logits, const std::string& name, OnnxModel& model) {
  const std::string one = model.constant(name + "/one", number(1));
  Strings log_inside, log_outside;
  for (const std::string& l : logits) {
    const std::string p = name + "/of/" + l;
    const std::string negative = model.node("Neg", p + "/negative", {l});
    const std::string magnitude = model.node("Abs", p + "/magnitude", {l});
    const std::string decay =
        model.node("Exp", p + "/decay", {model.node("Neg", p + "/minus_magnitude", {magnitude})});
    const std::string t =
        model.node("Log", p + "/t", {model.node("Add", p + "/one_more", {decay, one})});
    const auto minus_relu_minus_t = [&](const std::string& part, const std::string& of) {
      const std::string relu = model.node("Relu", part + "/relu", {of});
      return model.node("Neg", part, {model.node("Add", part + "/sum", {relu, t})});
    };
    log_inside.push_back(minus_relu_minus_t(p + "/log_inside", negative));
    log_outside.push_back(minus_relu_minus_t(p + "/log_outside", l));
  }
  model.node("Sub", name,
             {log_sum_exp(log_inside, name + "/inside", model),
              log_sum_exp(log_outside, name + "/outside", model)});
}

void check_columns(const OnnxMember& member) {
  const Graph& graph = *member.graph;
  const int channels = graph.nodes.at(static_cast<size_t>(graph.scoremap_logits)).channels;
  for (const int column : member.columns) {
    if (column < 0 || column >= channels) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("{}: bodypart column {} of a network with {}", member.name, column,
                              channels));
    }
  }
}

/// Sizes of the maps for two sizes of frames, which tell kinds of networks apart.
std::vector<Extent> maps_of(const OnnxMember& member) {
  std::vector<Extent> maps;
  for (const Extent frame : {Extent{480, 640}, Extent{397, 511}}) {
    maps.push_back(
        node_extents(*member.graph, frame).at(static_cast<size_t>(member.graph->scoremap_logits)));
  }
  return maps;
}

/// The oldest that has every operation of the members.
OnnxOpset opset_for(const std::vector<OnnxMember>& members, bool for_runtime) {
  for (const OnnxMember& member : members) {
    const auto& nodes = member.graph->nodes;
    if (std::any_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.antialias; })) {
      return kAntialiasOpset;
    }
  }
  for (const OnnxMember& member : members) {
    for (const Node& node : member.graph->nodes) {
      if (node.kind == OpKind::pixel_shuffle || node.kind == OpKind::resize) return kTorchOpset;
    }
    if (member.meaning != MapMeaning::logits) return kTorchOpset;
  }
  // Providers of cards have not got every operator's oldest form: WebGPU lacks Clip of opset 10.
  return for_runtime ? kTorchOpset : kOldestOpset;
}

void check_members(const std::vector<OnnxMember>& members) {
  if (members.empty()) throw Error(ErrorKind::invalid_value, "no member to export");
  const OnnxMember& first = members.front();
  for (const OnnxMember& member : members) {
    check_weights(*member.graph, *member.weights, member.name);
    check_columns(member);
    if (num_exported_bodyparts(member) != num_exported_bodyparts(first)) {
      throw Error(
          ErrorKind::shape_mismatch,
          fmt::format("{} has {} bodyparts, {} has {}", member.name, num_exported_bodyparts(member),
                      first.name, num_exported_bodyparts(first)));
    }
    if (member.graph->stride != first.graph->stride ||
        member.graph->output_stride != first.graph->output_stride ||
        maps_of(member) != maps_of(first)) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("maps of stride {} ({}) and {} ({}), or of different sizes, in one "
                              "ONNX file",
                              member.graph->stride, member.name, first.graph->stride, first.name),
                  {.hint = "export these members one by one"});
    }
  }
}

std::string add_input(OnnxInput input, OnnxModel& model) {
  const bool bytes = input == OnnxInput::uint8;
  model.input("frames", bytes ? OnnxType::uint8 : OnnxType::float32,
              {"num_frames", "height", "width", int64_t{3}});
  std::string picture = "frames";
  if (bytes) {
    picture = model.node("Cast", "frames_float", {picture},
                         {{"to", static_cast<int64_t>(OnnxType::float32)}});
  }
  return model.node("Transpose", "frames_channels_first", {picture},
                    {{"perm", std::vector<int64_t>{0, 3, 1, 2}}});
}

OnnxModel model_of(const OnnxExport& what) {
  check_members(what.members);
  OnnxModel model(opset_for(what.members, what.for_runtime));
  const std::string picture = add_input(what.input, model);
  const int64_t bodyparts = num_exported_bodyparts(what.members.front());
  const std::vector<OnnxExtent> map = {"num_frames", "map_height", "map_width", bodyparts};
  std::vector<OnnxExtent> map_xy = map;
  map_xy.emplace_back(int64_t{2});

  const bool ensemble = what.members.size() > 1;
  const bool has_consensus = ensemble && !what.for_runtime;
  if (has_consensus) model.output("scoremap_logits", map);
  Strings logits;
  for (const OnnxMember& member : what.members) {
    const std::string prefix = ensemble ? member.name + "/" : "";
    OnnxMemberExport part(member, prefix, model,
                          {.for_runtime = what.for_runtime, .half = what.half});
    part.convert(picture);
    logits.push_back(prefix + "scoremap_logits");
    part.add_logits(logits.back());
    model.output(logits.back(), map);
    if (part.has_heatmaps()) {
      part.add_heatmaps(prefix + "heatmaps");
      model.output(prefix + "heatmaps", map);
    }
    if (!part.has_locref()) continue;
    part.add_locref(prefix + "locref");
    model.output(prefix + "locref", map_xy);
  }
  if (has_consensus) add_mean_consensus(logits, "scoremap_logits", model);
  for (const auto& [key, value] : what.metadata) model.metadata(key, value);
  return model;
}

}  // namespace

void write_onnx(const OnnxExport& what, const std::filesystem::path& path) {
  model_of(what).write(path);
}

std::string onnx_bytes(const OnnxExport& what) { return model_of(what).bytes(); }

}  // namespace posse
