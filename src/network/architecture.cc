#include "network/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "network/efficientnet.h"
#include "network/mobilenet_v2.h"
#include "network/resnet.h"
#include "network/torch_resnet.h"

namespace posse {
namespace {

constexpr std::string_view kPartPred = "part_pred";
constexpr std::string_view kLocref = "locref_pred";
constexpr std::string_view kPairwise = "pairwise_pred";

// Far above any real network; a damaged index may claim anything.
constexpr int64_t kMostBodyparts = 10'000;
constexpr int64_t kMostHeadKernel = 31;

/// A snapshot's variables by name, and messages about its file.
class VariableList {
 public:
  VariableList(std::span<const Variable> variables, const std::string& file)
      : variables_(variables), file_(file) {}

  const Shape* find(std::string_view name) const {
    const auto found = std::find_if(variables_.begin(), variables_.end(),
                                    [&](const Variable& v) { return v.name == name; });
    return found == variables_.end() ? nullptr : &found->shape;
  }

  bool any_starts_with(std::string_view start) const {
    return std::any_of(variables_.begin(), variables_.end(),
                       [&](const Variable& v) { return v.name.starts_with(start); });
  }

  /// Outermost scopes, for messages.
  std::string scopes() const {
    std::set<std::string> scopes;
    for (const Variable& v : variables_) {
      scopes.insert(printable(v.name.substr(0, v.name.find('/'))));
    }
    const std::vector<std::string> names(scopes.begin(), scopes.end());
    return names.empty() ? "no variables" : list_names(names);
  }

  [[noreturn]] void refuse(ErrorKind kind, const std::string& reason, ErrorNotes notes = {}) const {
    throw Error(kind, fmt::format("{}: {}", printable(file_), reason), std::move(notes));
  }

  std::span<const Variable> all() const { return variables_; }

 private:
  std::span<const Variable> variables_;
  const std::string& file_;
};

std::string head_weights(std::string_view head) {
  return fmt::format("pose/{}/block4/weights", head);
}

bool find_resnet(const VariableList& list, NetworkSpec& spec) {
  for (const int depth : {50, 101, 152}) {
    const std::string scope = fmt::format("resnet_v1_{}/", depth);
    if (list.find(scope + "conv1/weights") == nullptr) continue;
    spec.family = NetworkFamily::resnet;
    spec.resnet_depth = depth;
    spec.scope = scope;
    return true;
  }
  return false;
}

bool find_mobilenet(const VariableList& list, NetworkSpec& spec) {
  spec.scope = "MobilenetV2/";
  const std::string last_layer = spec.scope + "expanded_conv_16/project/weights";
  const Shape* shape = list.find(last_layer);
  if (shape == nullptr) return false;
  spec.family = NetworkFamily::mobilenet_v2;
  spec.batch_norm_mode = BatchNormMode::frame;
  for (const double width : {0.35, 0.5, 0.75, 1.0}) {
    if (shape->size() == 4 && shape->back() == make_divisible(320 * width)) {
      spec.mobilenet_width = width;
      return true;
    }
  }
  list.refuse(ErrorKind::unsupported,
              fmt::format("MobileNetV2 of an unknown width: '{}' has shape {}", last_layer,
                          to_string(*shape)),
              {.have = "widths 0.35, 0.5, 0.75, 1.0 (112, 160, 240, 320 channels there)"});
}

/// "efficientnet/efficientnet-b0/" from "efficientnet/efficientnet-b0/stem/conv2d/kernel"; the
/// outer scope may be another one or absent.
std::optional<std::pair<std::string, int>> efficientnet_scope(std::string_view name) {
  constexpr std::string_view kEnd = "stem/conv2d/kernel";
  constexpr std::string_view kMark = "efficientnet-b";
  if (!name.ends_with(kEnd)) return std::nullopt;
  const std::string_view scope = name.substr(0, name.size() - kEnd.size());
  const size_t mark = scope.rfind(kMark);
  if (mark == std::string_view::npos || (mark > 0 && scope[mark - 1] != '/')) return std::nullopt;
  const std::string_view digit = scope.substr(mark + kMark.size());
  if (digit.size() != 2 || digit[1] != '/' || digit[0] < '0' || digit[0] > '7') return std::nullopt;
  return std::pair(std::string(scope), digit[0] - '0');
}

bool find_efficientnet(const VariableList& list, NetworkSpec& spec) {
  for (const Variable& variable : list.all()) {
    const auto found = efficientnet_scope(variable.name);
    if (!found) continue;
    spec.family = NetworkFamily::efficientnet;
    std::tie(spec.scope, spec.efficientnet_number) = *found;
    return true;
  }
  return false;
}

void refuse_fusion_networks(const VariableList& list) {
  for (const std::string_view scope : {"decoder_filters/", "upsampled_features/"}) {
    if (list.any_starts_with(scope)) {
      list.refuse(
          ErrorKind::unsupported,
          fmt::format("a fusion network of stride below 8 (it has variables under '{}'), which "
                      "is not supported",
                      scope),
          {.hint = "models trained with 'stride: 8' and without 'multi_stage' can be used"});
    }
  }
}

/// Channels of the pairwise head: 2 J (J - 1) when a single-animal network was trained with it; a
/// multi-animal one has 2 per limb, and there are at most J (J - 1) / 2 limbs.
void refuse_multi_animal(const VariableList& list, const NetworkSpec& spec, int64_t part_channels) {
  const Shape* locref = list.find(head_weights(kLocref));
  const int64_t located =
      locref != nullptr && locref->size() == 4 ? (*locref)[2] / 2 : part_channels;
  if (located < part_channels) {
    list.refuse(ErrorKind::unsupported,
                fmt::format("a multi-animal model with identity channels ({} bodyparts, {} score "
                            "channels), which is not supported",
                            located, part_channels));
  }
  const Shape* pairwise = list.find(head_weights(kPairwise));
  const int64_t expected = 2 * part_channels * (part_channels - 1);
  if (pairwise != nullptr && (pairwise->size() != 4 || (*pairwise)[2] != expected)) {
    list.refuse(ErrorKind::unsupported,
                fmt::format("a multi-animal model (its affinity head has shape {}), which is not "
                            "supported; {} has one animal per frame",
                            to_string(*pairwise), net_type(spec)));
  }
}

void find_heads(const VariableList& list, NetworkSpec& spec) {
  const std::string name = head_weights(kPartPred);
  const Shape* part = list.find(name);
  if (part == nullptr) {
    list.refuse(
        ErrorKind::unsupported,
        fmt::format("{} without pose heads ('{}' is missing)", net_type(spec), name),
        {.have = list.scopes(),
         .hint = "pretrained backbones cannot predict poses; name a snapshot of a trained model"});
  }
  const bool fits = part->size() == 4 && (*part)[0] == (*part)[1] && (*part)[0] >= 1 &&
                    (*part)[0] <= kMostHeadKernel && (*part)[2] >= 1 &&
                    (*part)[2] <= kMostBodyparts;
  if (!fits) {
    list.refuse(ErrorKind::shape_mismatch,
                fmt::format("'{}' has shape {}, expected [3, 3, bodyparts, channels]", name,
                            to_string(*part)));
  }
  refuse_multi_animal(list, spec, (*part)[2]);
  spec.head_kernel = static_cast<int>((*part)[0]);
  spec.num_bodyparts = static_cast<int>((*part)[2]);
  spec.has_locref = list.find(head_weights(kLocref)) != nullptr;
  for (const std::string_view head : {std::string_view("intermediate_supervision"), kPairwise}) {
    if (list.find(head_weights(head)) != nullptr) spec.unused_heads.emplace_back(head);
  }
}

void require(bool condition, const std::string& message) {
  if (!condition) throw Error(ErrorKind::invalid_value, message);
}

void check_strides(const NetworkSpec& spec) {
  const int stride = spec.output_stride;
  if (spec.family == NetworkFamily::resnet) {
    require(
        stride == 4 || stride == 8 || stride == 16 || stride == 32,
        fmt::format("output stride {} for {}: expected 4, 8, 16 or 32", stride, net_type(spec)));
  } else {
    require(stride == 16, fmt::format("output stride {} for {}: this family has 16 only", stride,
                                      net_type(spec)));
  }
  const int head = spec.deconvolution_stride;
  require(head >= 1 && head <= stride && stride % head == 0,
          fmt::format("stride {} of the heads: expected a divisor of the output stride {}", head,
                      stride));
}

NodeId append_head(const NetworkSpec& spec, GraphBuilder& builder, NodeId features,
                   std::string_view head, int channels) {
  return builder.conv2d_transpose(std::string(head), features, channels, spec.head_kernel,
                                  spec.deconvolution_stride, head_weights(head),
                                  fmt::format("pose/{}/block4/biases", head));
}

}  // namespace

std::string net_type(const NetworkSpec& spec) {
  switch (spec.family) {
    case NetworkFamily::resnet:
      return fmt::format("resnet_{}", spec.resnet_depth);
    case NetworkFamily::mobilenet_v2:
      return spec.mobilenet_width == 1 ? "mobilenet_v2_1.0"
                                       : fmt::format("mobilenet_v2_{}", spec.mobilenet_width);
    case NetworkFamily::efficientnet:
      return fmt::format("efficientnet-b{}", spec.efficientnet_number);
    case NetworkFamily::torch_resnet:
      return fmt::format("resnet_{}", spec.torch.depth);
  }
  POSSE_ASSERT(false);
}

NetworkSpec detect_network(std::span<const Variable> variables, const std::string& file) {
  const VariableList list(variables, file);
  refuse_fusion_networks(list);
  NetworkSpec spec;
  if (!find_resnet(list, spec) && !find_mobilenet(list, spec) && !find_efficientnet(list, spec)) {
    list.refuse(ErrorKind::unsupported, "not a network posse knows",
                {.have = "variables under " + list.scopes(),
                 .hint = "known are ResNet-50/101/152, MobileNetV2 and EfficientNet-b0 ... b7 with "
                         "the variable names of DeepLabCut and DeepGraphPose"});
  }
  find_heads(list, spec);
  return spec;
}

Graph build_graph(const NetworkSpec& spec) {
  require(spec.num_bodyparts >= 1, "a network needs at least one bodypart");
  if (spec.family == NetworkFamily::torch_resnet) return build_torch_resnet(spec);
  check_strides(spec);
  GraphBuilder builder;
  NodeId features = -1;
  switch (spec.family) {
    case NetworkFamily::resnet:
      features = append_resnet(spec, builder);
      break;
    case NetworkFamily::mobilenet_v2:
      features = append_mobilenet_v2(spec, builder);
      break;
    case NetworkFamily::efficientnet:
      features = append_efficientnet(spec, builder);
      break;
    case NetworkFamily::torch_resnet:
      POSSE_ASSERT(false);  // has heads of its own
  }
  Graph& graph = builder.graph();
  graph.mean_pixel = spec.mean_pixel;
  graph.output_stride = spec.output_stride;
  graph.stride = spec.output_stride / spec.deconvolution_stride;
  graph.scoremap_logits = append_head(spec, builder, features, kPartPred, spec.num_bodyparts);
  if (spec.has_locref) {
    graph.locref = append_head(spec, builder, features, kLocref, 2 * spec.num_bodyparts);
  }
  return builder.take();
}

}  // namespace posse
