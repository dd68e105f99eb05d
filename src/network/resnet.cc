#include "network/resnet.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace posse {
namespace {

/// TensorFlow's fused kernel raises the requested 1e-5 to this.
constexpr double kEpsilon = static_cast<double>(1.001e-5F);

std::array<int, 4> units_of_blocks(int depth) {
  switch (depth) {
    case 50:
      return {3, 4, 6, 3};
    case 101:
      return {3, 4, 23, 3};
    case 152:
      return {3, 8, 36, 3};
    default:
      POSSE_ASSERT(false);
  }
}

/// Stride and dilation of one unit, once the output stride is known.
struct UnitSampling {
  int stride = 1;
  int dilation = 1;
};

/// Hands out strides until the target is reached, then turns them into dilation of what follows.
class SamplingPlan {
 public:
  explicit SamplingPlan(int target) : target_(target) {}

  UnitSampling next(int nominal_stride) {
    if (current_ == target_) {
      const UnitSampling unit{.stride = 1, .dilation = dilation_};
      dilation_ *= nominal_stride;
      return unit;
    }
    current_ *= nominal_stride;
    return {.stride = nominal_stride, .dilation = 1};
  }

 private:
  int target_;
  int current_ = 1;
  int dilation_ = 1;
};

class ResnetBuilder {
 public:
  ResnetBuilder(const NetworkSpec& spec, GraphBuilder& builder)
      : spec_(spec), builder_(builder), norm_{.epsilon = kEpsilon, .mode = spec.batch_norm_mode} {}

  NodeId root() {
    const NodeId conv =
        normed_conv("conv1", "conv1", builder_.input(), 64,
                    {.kernel = 7, .stride = 2, .padding = PaddingRule::slim_same}, true);
    return builder_.max_pool("pool1", conv, 3, 2, PaddingRule::same);
  }

  NodeId unit(const std::string& name, NodeId from, int base, UnitSampling sampling) {
    const std::string scope = name + "/bottleneck_v1/";
    const NodeId shortcut = shortcut_of(name, scope, from, 4 * base, sampling.stride);
    NodeId x = normed_conv(name + "/conv1", scope + "conv1", from, base, {}, true);
    x = normed_conv(name + "/conv2", scope + "conv2", x, base,
                    {.kernel = 3,
                     .stride = sampling.stride,
                     .dilation = sampling.dilation,
                     .padding = PaddingRule::slim_same},
                    true);
    x = normed_conv(name + "/conv3", scope + "conv3", x, 4 * base, {}, false);
    return builder_.activation(name, builder_.add(name + "/add", shortcut, x), Activation::relu);
  }

 private:
  /// Convolution and batch norm, and a ReLU if `relu`; the last node is called `name`.
  NodeId normed_conv(const std::string& name, const std::string& scope, NodeId from, int channels,
                     const ConvOptions& options, bool relu) {
    const std::string variables = spec_.scope + scope;
    const NodeId conv =
        builder_.conv2d(name + "/conv", from, channels, options, variables + "/weights");
    const NodeId norm =
        builder_.batch_norm(relu ? name + "/norm" : name, conv, variables + "/BatchNorm", norm_);
    return relu ? builder_.activation(name, norm, Activation::relu) : norm;
  }

  NodeId shortcut_of(const std::string& name, const std::string& scope, NodeId from, int channels,
                     int stride) {
    if (builder_.channels(from) != channels) {
      return normed_conv(name + "/shortcut", scope + "shortcut", from, channels, {.stride = stride},
                         false);
    }
    return stride == 1 ? from : builder_.subsample(name + "/shortcut", from, stride);
  }

  const NetworkSpec& spec_;
  GraphBuilder& builder_;
  BatchNormOptions norm_;
};

}  // namespace

NodeId append_resnet(const NetworkSpec& spec, GraphBuilder& builder) {
  ResnetBuilder resnet(spec, builder);
  SamplingPlan plan(spec.output_stride / 4);  // the root has stride 4
  NodeId last = resnet.root();
  const std::array<int, 4> units = units_of_blocks(spec.resnet_depth);
  for (int block = 0; block < 4; ++block) {
    const int count = units[static_cast<size_t>(block)];
    for (int unit = 1; unit <= count; ++unit) {
      const int nominal_stride = unit == count && block < 3 ? 2 : 1;
      last = resnet.unit(fmt::format("block{}/unit_{}", block + 1, unit), last, 64 << block,
                         plan.next(nominal_stride));
    }
  }
  return last;
}

}  // namespace posse
