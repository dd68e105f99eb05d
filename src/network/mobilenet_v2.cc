#include "network/mobilenet_v2.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace posse {
namespace {

/// TensorFlow keeps the attribute in float32.
constexpr double kEpsilon = static_cast<double>(1e-3F);

/// One inverted residual: channels at width 1, stride of its depthwise convolution.
struct Layer {
  int channels;
  int stride;
};

constexpr std::array<Layer, 17> kLayers = {{
    {16, 1},
    {24, 2},
    {24, 1},
    {32, 2},
    {32, 1},
    {32, 1},
    {64, 2},
    {64, 1},
    {64, 1},
    {64, 1},
    {96, 1},
    {96, 1},
    {96, 1},
    {160, 1},
    {160, 1},
    {160, 1},
    {320, 1},
}};

class MobilenetBuilder {
 public:
  MobilenetBuilder(const NetworkSpec& spec, GraphBuilder& builder)
      : spec_(spec), builder_(builder), norm_{.epsilon = kEpsilon, .mode = spec.batch_norm_mode} {}

  NodeId conv(const std::string& name, NodeId from, int channels, const ConvOptions& options) {
    const NodeId conv =
        builder_.conv2d(name + "/conv", from, channels, options, variable(name, "weights"));
    return norm_relu6(name, conv);
  }

  NodeId inverted_residual(const std::string& name, NodeId from, int inner, int channels,
                           int stride) {
    NodeId x = from;
    if (inner > builder_.channels(from)) x = conv(name + "/expand", x, inner, {});
    const std::string depthwise = name + "/depthwise";
    x = builder_.depthwise_conv2d(depthwise + "/conv", x, {.kernel = 3, .stride = stride},
                                  variable(depthwise, "depthwise_weights"));
    x = norm_relu6(depthwise, x);
    const std::string project = name + "/project";
    x = builder_.conv2d(project + "/conv", x, channels, {}, variable(project, "weights"));
    const bool residual = stride == 1 && builder_.channels(from) == channels;
    x = builder_.batch_norm(residual ? project : name, x, variable(project, "BatchNorm"), norm_);
    return residual ? builder_.add(name, x, from) : x;
  }

 private:
  std::string variable(const std::string& name, const char* last) const {
    return spec_.scope + name + "/" + last;
  }

  NodeId norm_relu6(const std::string& name, NodeId from) {
    const NodeId norm =
        builder_.batch_norm(name + "/norm", from, variable(name, "BatchNorm"), norm_);
    return builder_.activation(name, norm, Activation::relu6);
  }

  const NetworkSpec& spec_;
  GraphBuilder& builder_;
  BatchNormOptions norm_;
};

}  // namespace

int make_divisible(double channels) {
  const int rounded = std::max(8, static_cast<int>(std::floor(channels + 4)) / 8 * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

NodeId append_mobilenet_v2(const NetworkSpec& spec, GraphBuilder& builder) {
  MobilenetBuilder mobilenet(spec, builder);
  const double width = spec.mobilenet_width;
  NodeId last = mobilenet.conv("Conv", builder.input(), make_divisible(32 * width),
                               {.kernel = 3, .stride = 2});
  for (size_t i = 0; i < kLayers.size(); ++i) {
    const std::string name = i == 0 ? "expanded_conv" : fmt::format("expanded_conv_{}", i);
    const int in = builder.channels(last);
    const int inner = i == 0 ? in : make_divisible(6.0 * in);
    last = mobilenet.inverted_residual(
        name, last, inner, make_divisible(kLayers[i].channels * width), kLayers[i].stride);
  }
  return mobilenet.conv("Conv_1", last, 1280, {});
}

}  // namespace posse
