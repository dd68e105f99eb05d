#include "network/efficientnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "network/mobilenet_v2.h"

namespace posse {
namespace {

/// TensorFlow keeps the attribute in float32.
constexpr double kEpsilon = static_cast<double>(1e-3F);

/// Width and depth multipliers of b0 ... b7.
struct Scale {
  double width;
  double depth;
};
constexpr std::array<Scale, 8> kScales = {{{1.0, 1.0},
                                           {1.0, 1.1},
                                           {1.1, 1.2},
                                           {1.2, 1.4},
                                           {1.4, 1.8},
                                           {1.6, 2.2},
                                           {1.8, 2.6},
                                           {2.0, 3.1}}};

/// A run of equal blocks of b0; the first of them has the stride.
struct Stage {
  int repeats;
  int kernel;
  int stride;
  int expansion;
  int out;
};
constexpr std::array<Stage, 7> kStages = {{
    {1, 3, 1, 1, 16},
    {2, 3, 2, 6, 24},
    {2, 5, 2, 6, 40},
    {3, 3, 2, 6, 80},
    {3, 5, 1, 6, 112},
    {4, 5, 1, 6, 192},  // stride 2 in the original
    {1, 3, 1, 6, 320},
}};

/// Numbers one block's convolutions and batch norms by creation, as Keras does: "conv2d",
/// "conv2d_1", ...
class Numbered {
 public:
  explicit Numbered(std::string stem) : stem_(std::move(stem)) {}
  std::string next() {
    const int number = count_++;
    return number == 0 ? stem_ : fmt::format("{}_{}", stem_, number);
  }

 private:
  std::string stem_;
  int count_ = 0;
};

class EfficientnetBuilder {
 public:
  EfficientnetBuilder(const NetworkSpec& spec, GraphBuilder& builder)
      : spec_(spec), builder_(builder), norm_{.epsilon = kEpsilon, .mode = spec.batch_norm_mode} {}

  NodeId stem(int channels) {
    const NodeId conv = builder_.conv2d("stem/conv", builder_.input(), channels,
                                        {.kernel = 3, .stride = 2}, variable("stem/conv2d/kernel"));
    const NodeId norm =
        builder_.batch_norm("stem/norm", conv, variable("stem/tpu_batch_normalization"), norm_);
    return builder_.activation("stem", norm, Activation::swish);
  }

  NodeId block(const std::string& name, NodeId from, const Stage& stage) {
    const int in = builder_.channels(from);
    const std::string scope = variable(name + "/");
    Numbered conv_names(scope + "conv2d");
    Numbered norm_names(scope + "tpu_batch_normalization");
    NodeId x = from;
    if (stage.expansion != 1) {
      x = builder_.conv2d(name + "/expand/conv", x, in * stage.expansion, {},
                          conv_names.next() + "/kernel");
      x = norm_swish(name + "/expand", x, norm_names.next());
    }
    x = builder_.depthwise_conv2d(name + "/depthwise/conv", x,
                                  {.kernel = stage.kernel, .stride = stage.stride},
                                  scope + "depthwise_conv2d/depthwise_kernel");
    x = norm_swish(name + "/depthwise", x, norm_names.next());
    x = squeeze_excite(name + "/se", x, std::max(1, in / 4), scope + "se/");
    x = builder_.conv2d(name + "/project/conv", x, stage.out, {}, conv_names.next() + "/kernel");
    const bool residual = stage.stride == 1 && in == stage.out;
    x = builder_.batch_norm(residual ? name + "/project" : name, x, norm_names.next(), norm_);
    return residual ? builder_.add(name, x, from) : x;
  }

 private:
  std::string variable(const std::string& name) const { return spec_.scope + name; }

  NodeId norm_swish(const std::string& name, NodeId from, const std::string& scope) {
    const NodeId norm = builder_.batch_norm(name + "/norm", from, scope, norm_);
    return builder_.activation(name, norm, Activation::swish);
  }

  NodeId squeeze_excite(const std::string& name, NodeId from, int squeezed,
                        const std::string& scope) {
    NodeId x = builder_.global_mean(name + "/mean", from);
    x = builder_.conv2d(name + "/reduce/conv", x, squeezed, {}, scope + "conv2d/kernel",
                        scope + "conv2d/bias");
    x = builder_.activation(name + "/reduce", x, Activation::swish);
    x = builder_.conv2d(name + "/expand/conv", x, builder_.channels(from), {},
                        scope + "conv2d_1/kernel", scope + "conv2d_1/bias");
    x = builder_.activation(name + "/expand", x, Activation::sigmoid);
    return builder_.multiply(name, from, x);
  }

  const NetworkSpec& spec_;
  GraphBuilder& builder_;
  BatchNormOptions norm_;
};

}  // namespace

NodeId append_efficientnet(const NetworkSpec& spec, GraphBuilder& builder) {
  builder.graph().input_scale = {58.395F, 57.12F, 57.375F};
  const Scale scale = kScales.at(static_cast<size_t>(spec.efficientnet_number));
  EfficientnetBuilder net(spec, builder);
  NodeId last = net.stem(make_divisible(32 * scale.width));
  int index = 0;
  for (Stage stage : kStages) {
    stage.out = make_divisible(stage.out * scale.width);
    const int repeats = static_cast<int>(std::ceil(scale.depth * stage.repeats));
    for (int repeat = 0; repeat < repeats; ++repeat) {
      last = net.block(fmt::format("blocks_{}", index++), last, stage);
      stage.stride = 1;
    }
  }
  return last;
}

}  // namespace posse
