#include "network/torch_resnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "network/graph_builder.h"

namespace posse {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr int kGroups = 32;  // of GroupNorm

struct Depth {
  std::array<int, 4> blocks{};
  bool bottleneck = true;
};

Depth depth_of(int depth) {
  switch (depth) {
    case 18:
      return {{2, 2, 2, 2}, false};
    case 34:
      return {{3, 4, 6, 3}, false};
    case 50:
      return {{3, 4, 6, 3}, true};
    case 101:
      return {{3, 4, 23, 3}, true};
    case 152:
      return {{3, 8, 36, 3}, true};
    default:
      throw Error(ErrorKind::invalid_value,
                  fmt::format("ResNet of depth {}: expected 18, 34, 50, 101 or 152", depth));
  }
}

/// Stride and dilations of one stage's 3x3 convolutions.
struct StageSampling {
  int stride = 1;
  int first_dilation = 1;  ///< of the first block
  int dilation = 1;        ///< of the others
};

class TorchResnetBuilder {
 public:
  TorchResnetBuilder(const TorchSpec& spec, GraphBuilder& builder)
      : spec_(spec), builder_(builder), depth_(depth_of(spec.depth)) {}

  NodeId build(NodeId from) {
    constexpr PaddingRule kTorch = PaddingRule::slim_same;
    NodeId x = normed_conv("conv1", {child("conv1", 0), child("bn1", 1)}, from, 64,
                           {.kernel = 7, .stride = 2, .padding = kTorch}, true);
    x = builder_.max_pool("pool1", x, 3, 2, kTorch);
    int stride = 4;
    int dilation = 1;
    for (int stage = 0; stage < 4; ++stage) {
      StageSampling sampling{.first_dilation = dilation};
      if (stage > 0 && stride < spec_.output_stride) {
        sampling.stride = 2;
        stride *= 2;
      } else if (stage > 0) {
        dilation *= 2;
      }
      sampling.dilation = dilation;
      for (int i = 0; i < depth_.blocks[static_cast<size_t>(stage)]; ++i) {
        x = block(stage, i, x, sampling);
      }
    }
    return x;
  }

 private:
  /// Variables of a convolution and of the norm behind it.
  struct Scopes {
    std::string conv, norm;
  };

  /// A child of the backbone by its name, or by its place where the tool keeps a list of them.
  std::string child(const std::string& name, int place) const {
    return spec_.scope + (spec_.numbered_children ? fmt::format("{}", place) : name);
  }

  NodeId normed_conv(const std::string& name, const Scopes& scopes, NodeId from, int channels,
                     const ConvOptions& options, bool relu) {
    const NodeId conv =
        builder_.conv2d(name + "/conv", from, channels, options, scopes.conv + ".weight");
    const std::string norm_name = relu ? name + "/norm" : name;
    const NodeId norm =
        spec_.group_norm
            ? builder_.torch_group_norm(norm_name, conv, scopes.norm, kGroups, kEpsilon)
            : builder_.torch_batch_norm(norm_name, conv, scopes.norm, kEpsilon);
    return relu ? builder_.activation(name, norm, Activation::relu) : norm;
  }

  NodeId block(int stage, int i, NodeId from, const StageSampling& sampling) {
    const std::string name = fmt::format("layer{}/{}", stage + 1, i);
    const std::string scope =
        fmt::format("{}.{}.", child(fmt::format("layer{}", stage + 1), 4 + stage), i);
    const int width = 64 << stage;
    const int stride = i == 0 ? sampling.stride : 1;
    const int dilation = i == 0 ? sampling.first_dilation : sampling.dilation;
    const NodeId x = depth_.bottleneck ? bottleneck(name, scope, from, width, stride, dilation)
                                       : basic(name, scope, from, width, stride, dilation);
    NodeId shortcut = from;
    if (stride != 1 || builder_.channels(from) != builder_.channels(x)) {
      shortcut = normed_conv(name + "/shortcut", {scope + "downsample.0", scope + "downsample.1"},
                             from, builder_.channels(x), {.stride = stride}, false);
    }
    return builder_.activation(name, builder_.add(name + "/add", shortcut, x), Activation::relu);
  }

  static Scopes numbered(const std::string& scope, int n) {
    return {fmt::format("{}conv{}", scope, n), fmt::format("{}bn{}", scope, n)};
  }
  static ConvOptions three(int stride, int dilation) {
    return {.kernel = 3, .stride = stride, .dilation = dilation, .padding = PaddingRule::slim_same};
  }

  NodeId bottleneck(const std::string& name, const std::string& scope, NodeId from, int width,
                    int stride, int dilation) {
    NodeId x = normed_conv(name + "/conv1", numbered(scope, 1), from, width, {}, true);
    x = normed_conv(name + "/conv2", numbered(scope, 2), x, width, three(stride, dilation), true);
    return normed_conv(name + "/conv3", numbered(scope, 3), x, 4 * width, {}, false);
  }

  NodeId basic(const std::string& name, const std::string& scope, NodeId from, int width,
               int stride, int dilation) {
    const NodeId x = normed_conv(name + "/conv1", numbered(scope, 1), from, width,
                                 three(stride, dilation), true);
    return normed_conv(name + "/conv2", numbered(scope, 2), x, width, three(1, dilation), false);
  }

  const TorchSpec& spec_;
  GraphBuilder& builder_;
  Depth depth_;
};

void require(bool condition, const std::string& message) {
  if (!condition) throw Error(ErrorKind::invalid_value, message);
}

/// The layers one behind the other; `shuffled`: frames' features are spread over four cells first.
NodeId append_layers(const std::string& name, const std::vector<TorchHeadLayer>& layers,
                     NodeId from, GraphBuilder& builder) {
  NodeId x = from;
  for (size_t i = 0; i < layers.size(); ++i) {
    const TorchHeadLayer& layer = layers[i];
    const std::string node = fmt::format("{}/{}", name, i);
    const std::string weights = layer.scope + ".weight";
    const std::string bias = layer.scope + ".bias";
    if (layer.transposed) {
      x = builder.conv2d_transpose(node, x, layer.channels, layer.kernel, layer.stride, weights,
                                   bias, layer.padding);
    } else {
      x = builder.conv2d(node, x, layer.channels,
                         {.kernel = layer.kernel, .padding = PaddingRule::valid}, weights, bias);
    }
    if (layer.relu) x = builder.activation(node + "/relu", x, Activation::relu);
  }
  return x;
}

/// Input pixels per cell of a head's maps.
int stride_of(const std::vector<TorchHeadLayer>& layers, int features_stride) {
  int factor = 1;
  for (const TorchHeadLayer& layer : layers) factor *= layer.stride;
  require(factor > 0 && features_stride % factor == 0,
          fmt::format("heads that upsample {} times on features of stride {}", factor,
                      features_stride));
  return features_stride / factor;
}

}  // namespace

Graph build_torch_resnet(const NetworkSpec& spec) {
  const TorchSpec& torch = spec.torch;
  const bool known =
      torch.output_stride == 8 || torch.output_stride == 16 || torch.output_stride == 32;
  require(known, fmt::format("output stride {} for {}: expected 8, 16 or 32", torch.output_stride,
                             net_type(spec)));
  require(!torch.heads.empty(), "a network needs at least one head");
  GraphBuilder builder;
  builder.graph().mean_pixel = spec.mean_pixel;
  builder.graph().input_scale = spec.input_scale;
  NodeId features = builder.input();
  if (torch.resized) features = builder.resize("resize", features, *torch.resized, torch.antialias);
  features = TorchResnetBuilder(torch, builder).build(features);
  int features_stride = torch.output_stride;
  if (torch.pixel_shuffle > 1) {
    features = builder.pixel_shuffle("pixel_shuffle", features, torch.pixel_shuffle);
    features_stride /= torch.pixel_shuffle;
  }
  std::vector<NodeId> maps;
  std::vector<NodeId> locrefs;
  const int stride = stride_of(torch.heads.front().map_layers, features_stride);
  for (const TorchHead& head : torch.heads) {
    require(stride_of(head.map_layers, features_stride) == stride,
            "heads whose maps have different strides");
    maps.push_back(append_layers(head.name + "/map", head.map_layers, features, builder));
    if (head.locref_layers.empty()) continue;
    require(stride_of(head.locref_layers, features_stride) == stride,
            "a location refinement of another stride than the maps'");
    locrefs.push_back(append_layers(head.name + "/locref", head.locref_layers, features, builder));
  }
  require(locrefs.empty() || locrefs.size() == maps.size(),
          "heads with and without location refinement in one network");
  Graph& graph = builder.graph();
  graph.output_stride = torch.output_stride;
  graph.stride = stride;
  graph.scoremap_logits = maps.size() == 1 ? maps.front() : builder.concat("maps", maps);
  if (!locrefs.empty()) {
    graph.locref = locrefs.size() == 1 ? locrefs.front() : builder.concat("locrefs", locrefs);
  }
  return builder.take();
}

}  // namespace posse
